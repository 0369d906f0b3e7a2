"""The commands by name. Each one's module is imported when it is called, not before."""

from __future__ import annotations

from importlib import import_module

import click

from sundog.cli.render.help import COMMANDS, overview
from sundog.cli.subcommands import refuse_unknown


class LazyGroup(click.Group):
    """Knows its commands' names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"sundog.cli.commands.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names.

        Raises:
            UnknownCommand: There is none.
        """
        refuse_unknown(args[0], "sundog", COMMANDS)
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 - as above
        """Return the overview that `sundog --help` shows."""
        return overview()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, asked: _version(ctx, asked=asked),
)
def sundog() -> None:
    """Run one of the commands."""


def _version(ctx: click.Context, *, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        click.echo(f"sundog {version('sundog')}")
        ctx.exit()
