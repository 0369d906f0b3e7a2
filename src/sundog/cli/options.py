"""The options that every command has, and the decorator that makes a command of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from sundog.cli.here import Here, Surroundings

CommandFunction: TypeAlias = Callable[..., None]

_COMMON: tuple[click.Option, ...] = (
    click.Option(
        ["--stage", "stage_name"],
        metavar="NAME",
        help="Deployed copy of the app; the default is `local`, on this machine.",
    ),
    click.Option(["--region"], metavar="REGION", help="AWS region, over the project's setting."),
    click.Option(["--profile"], metavar="PROFILE", help="AWS profile, over the project's setting."),
    click.Option(["--json", "as_json"], is_flag=True, help="Write one line of JSON per event to stdout."),
    click.Option(["-v", "--verbose", "verbosity"], count=True, help="Say more; -vv shows tracebacks."),
)


class SundogCommand(click.Command):
    """A command with the common options after its own."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(**settings)
        self.params = [*self.params, *_COMMON]
        self.context_settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def command(name: str) -> Callable[[CommandFunction], click.Command]:
    """Make a command of a function that takes `here` first and its own options by name.

    The first line of the docstring is the command's summary, the rest its help.
    """

    def decorate(function: CommandFunction) -> click.Command:
        def run(
            stage_name: str | None,
            region: str | None,
            profile: str | None,
            **own: Any,  # noqa: ANN401 - each command has its own
        ) -> None:
            surroundings = click.get_current_context().find_object(Surroundings)
            own.pop("as_json")
            own.pop("verbosity")
            if surroundings is None:
                raise RuntimeError("commands are started by sundog.cli.run")
            here = Here(surroundings=surroundings, stage_name=stage_name, region=region, profile=profile)
            function(here, **own)

        run.__doc__ = function.__doc__
        run.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        return click.command(name, cls=SundogCommand)(run)

    return decorate
