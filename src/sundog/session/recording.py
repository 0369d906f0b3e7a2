"""A command's events go to the stage's store as well as to whoever shows them, the app's secrets taken out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec

from sundog.errors import SundogError, leaves
from sundog.model.events import (
    DeployFinished,
    Event,
    FunctionError,
    InitFailed,
    InvocationFinished,
    InvocationStarted,
    LogWritten,
    Notice,
    Observer,
    ResourceProgress,
    SynthFailed,
    SynthFinished,
)
from sundog.model.project import Project, Stage
from sundog.model.redaction import Redactor
from sundog.session.observers import FanOut
from sundog.store.writer import StoreWriter


class Recording(FanOut):
    """An observer that records and passes on."""

    def __init__(self, store: StoreWriter, observer: Observer) -> None:
        super().__init__([store, observer])
        self.redactor = store.redactor
        """Learns which values must never be written."""

    def __call__(self, event: Event) -> None:
        """Pass one event on."""
        super().__call__(_without_secrets(event, self.redactor))


def _without_secrets(event: Event, redactor: Redactor) -> Event:
    changed = _shown_parts(event, redactor) if redactor.has_secrets else {}
    return msgspec.structs.replace(event, **changed) if changed else event


def _shown_parts(event: Event, redactor: Redactor) -> dict[str, Any]:
    """Return, without secrets, the fields of an event that carry what a function or the app wrote."""
    match event:
        case LogWritten():
            return {"text": redactor.shown(event.text)}
        case InvocationStarted():
            return {"payload": redactor.shown_payload(event.payload)}
        case InvocationFinished():
            error = event.error and _shown_error(event.error, redactor)
            return {"response": redactor.shown_payload(event.response), "error": error}
        case InitFailed():
            return {"error": _shown_error(event.error, redactor)}
        # CloudFormation quotes what a script raised.
        case ResourceProgress(reason=str(reason)):
            return {"reason": redactor.shown(reason)}
        case DeployFinished(error=dict(error)) | SynthFailed(error=dict(error)):
            return {"error": _shown_fields(error, redactor)}
        case SynthFinished():
            return {"output": _shown_fields(event.output, redactor)}
        case _:
            return {}


def _shown_fields(value: Any, redactor: Redactor) -> Any:  # noqa: ANN401 - whatever JSON can be
    match value:
        case str():
            return redactor.shown(value)
        case list():
            return [_shown_fields(one, redactor) for one in value]
        case dict():
            return {name: _shown_fields(one, redactor) for name, one in value.items()}
        case _:
            return value


def _shown_error(error: FunctionError, redactor: Redactor) -> FunctionError:
    frames = [redactor.shown(frame) for frame in error.frames]
    return msgspec.structs.replace(error, message=redactor.shown(error.message), frames=frames)


@contextlib.contextmanager
def recorded(project: Project, stage: Stage, observer: Observer) -> Iterator[Recording]:
    """Open the stage's store for the length of a `with` block inside a running event loop.

    An error that ends the block leaves it without the app's secrets, too.
    """
    loop = asyncio.get_running_loop()

    def notify(notice: Notice) -> None:
        # The writer speaks from its own thread; observers are called from the loop's only.
        if not loop.is_closed():
            loop.call_soon_threadsafe(observer, notice)

    with StoreWriter(project.events_db(stage.name), notify=notify) as store:
        recording = Recording(store, observer)
        try:
            yield recording
        except (SundogError, BaseExceptionGroup) as error:
            for one in leaves(error):
                if isinstance(one, SundogError):
                    one.rewrite(recording.redactor.shown)
            raise
