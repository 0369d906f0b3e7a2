"""`sundog explain`."""

from __future__ import annotations

import click

from sundog.cli.error_pages import error_pages
from sundog.cli.errors import UnknownCode
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.errors import suggestion


@command("explain")
@click.argument("code")
def explain(here: Here, code: str) -> None:
    """Explain an error by its code.

    CODE is what an error message shows in brackets, such as SD-CONFIG-001.
    """
    pages = error_pages()
    page = pages.get(code.upper())
    if page is None:
        close = suggestion(code.upper(), pages)
        raise UnknownCode(
            f"no error has the code `{code}`",
            fix=f"run `sundog explain {close}`"
            if close
            else "copy the code from the brackets of an error message",
        )
    if here.output.as_json:
        here.output.json(page)
    else:
        here.output.data(page.text())
