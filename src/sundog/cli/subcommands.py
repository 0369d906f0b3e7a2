"""Commands below a name: `sundog secret set`."""

from __future__ import annotations

from collections.abc import Iterable

import click

from sundog.cli.errors import UnknownCommand
from sundog.errors import suggestion


class SubcommandGroup(click.Group):
    """A command that only holds others; called alone, it describes them."""

    def __init__(self, name: str, *, help: str, commands: Iterable[click.Command]) -> None:  # noqa: A002 - click's own
        super().__init__(
            name,
            help=help,
            commands=list(commands),
            invoke_without_command=True,
            callback=_describe,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names.

        Raises:
            UnknownCommand: There is none.
        """
        refuse_unknown(args[0], ctx.command_path, self.commands)
        return super().resolve_command(ctx, args)


def _describe() -> None:
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def refuse_unknown(name: str, path: str, known: Iterable[str]) -> None:
    """Refuse a name that no command has; options are left to click.

    Raises:
        UnknownCommand: There is none.
    """
    names = list(known)
    if name in names or name.startswith("-"):
        return
    close = suggestion(name, names)
    raise UnknownCommand(
        f"`{name}` is not a command of {path}",
        why=f"the commands are {', '.join(names)}",
        fix=f"run `{path} {close}`" if close else f"run `{path} --help`",
    )
