"""What click raises about a command line, as errors of ours."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from sundog.cli.errors import InvalidArgument, MissingArgument, SurplusArgument, UnknownOption
from sundog.cli.render.help import COMMANDS
from sundog.errors import SundogError, UsageError, suggestion


def from_click(error: click.ClickException, arguments: Sequence[str] = ()) -> SundogError:
    """Return the error of ours that says the same.

    Args:
        error: What click raised.
        arguments: The command line; click does not always say which command it was about.
    """
    context = error.ctx if isinstance(error, click.UsageError) else None
    named = f"sundog {arguments[0]}" if arguments and arguments[0] in COMMANDS else "sundog"
    path = context.command_path if context else named
    ask = f"run `{path} --help`"
    if isinstance(error, click.NoSuchOption):
        return _unknown_option(error, context, path)
    if isinstance(error, click.MissingParameter):
        return _missing(error, context, path)
    if isinstance(error, click.BadParameter):
        return InvalidArgument(f"{_name(error.param)} of `{path}` cannot be used: {_reason(error)}", fix=ask)
    if isinstance(error, click.BadOptionUsage):
        return MissingArgument(f"`{error.option_name}` of `{path}` needs a value", fix=ask)
    surplus = re.search(r"unexpected extra arguments? \((.*)\)", error.format_message())
    if surplus:
        return SurplusArgument(
            f"`{path}` takes no further argument `{surplus[1]}`",
            why="every argument has been given before it",
            fix=["put quotes around a value with spaces", ask],
        )
    return UsageError(_sentence(error.format_message()), where=path, fix=ask)


def _unknown_option(error: click.NoSuchOption, context: click.Context | None, path: str) -> SundogError:
    parameters = context.command.get_params(context) if context else []
    known = [
        name for parameter in parameters if isinstance(parameter, click.Option) for name in parameter.opts
    ]
    close = suggestion(error.option_name, known)
    return UnknownOption(
        f"`{error.option_name}` is not an option of `{path}`",
        why=f"its options are {', '.join(name for name in known if name.startswith('--'))}",
        fix=f"write `{close}`" if close else f"run `{path} --help`",
    )


def _missing(error: click.MissingParameter, context: click.Context | None, path: str) -> SundogError:
    usage = " ".join(context.command.collect_usage_pieces(context)) if context else ""
    return MissingArgument(
        f"{_name(error.param)} of `{path}` is missing", fix=f"write `{path} {usage}`".rstrip()
    )


def _name(parameter: click.Parameter | None) -> str:
    if isinstance(parameter, click.Option):
        return f"`{max(parameter.opts, key=len)}`"
    if parameter is not None:
        return f"the argument `{parameter.make_metavar(click.Context(click.Command('sundog')))}`"
    return "an argument"


def _reason(error: click.BadParameter) -> str:
    kind = error.param.type if error.param is not None else None
    value = re.match(r"'?(.*?)'? is not ", error.message)
    if isinstance(kind, click.IntRange) and value:
        return f"`{value[1]}` is not a whole number from {kind.min:,} to {kind.max:,}"
    return _sentence(error.message)


def _sentence(message: str) -> str:
    text = message.strip().rstrip(".").replace("'", "`")
    return text[:1].lower() + text[1:]
