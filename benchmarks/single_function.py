"""A sundog app of one function behind an API, the counterpart of the peers' servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import handlers
from benchmarks.client import until_answers
from benchmarks.sessions import Session, developing, write_app

APP = """\
from sundog import Api, App

app = App()


@app.stack
def backend(stack):
    api = Api(stack, "api", routes={"GET /": "handler.index"})
    stack.outputs(ApiUrl=api.url)


app.synth()
"""


@dataclass(frozen=True, kw_only=True)
class Served:
    """The app while its session runs."""

    session: Session
    url: str
    handler_file: Path


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Run the app with version 0 of the handler."""
    write_app(folder, name="single", app=APP)
    handlers.save(folder / "handler.py", handlers.LAMBDA, 0)
    with developing(folder) as session:
        url = session.output("ApiUrl").rstrip("/") + "/"
        until_answers(url, handlers.answer(0), deadline_seconds=30)
        yield Served(session=session, url=url, handler_file=folder / "handler.py")
