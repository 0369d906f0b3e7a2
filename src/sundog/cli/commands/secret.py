"""`sundog secret`: set, get, list, remove and load."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sundog.cli.concurrency import run_async
from sundog.cli.dotenv import InvalidSecretsFile, as_dotenv, parse_dotenv
from sundog.cli.errors import MissingArgument
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.subcommands import SubcommandGroup
from sundog.model.secrets import check_secret_name, check_secret_value

if TYPE_CHECKING:
    from sundog.model.project import Project, Stage
    from sundog.session.secrets import Secrets

Result = TypeVar("Result")

_STDIN = "-"

fallback_option = click.option(
    "--fallback", is_flag=True, help="What counts for every stage that has no value of its own."
)


@command("set")
@click.argument("name")
@click.argument("value", required=False)
@fallback_option
def set_secret(here: Here, name: str, value: str | None, *, fallback: bool) -> None:
    """Give a secret its value.

    Without VALUE it is read from stdin, or asked for on a terminal; other users of the machine can see arguments.
    """
    check_secret_name(name)
    value = check_secret_value(name, _read_value(here, name) if value is None else value)
    project, stage = _place(here)
    _with_secrets(here, project, stage, lambda secrets: secrets.set({name: value}), fallback=fallback)

    from sundog.cli.render.secrets import show_changed

    show_changed(here.output, project, stage, [name], "set", fallback=fallback)


@command("get")
@click.argument("name")
@fallback_option
def get_secret(here: Here, name: str, *, fallback: bool) -> None:
    """Show the value of a secret: the stage's own, or the fallback."""
    check_secret_name(name)
    project, stage = _place(here)
    found = _with_secrets(here, project, stage, lambda secrets: secrets.get(name), fallback=fallback)

    from sundog.cli.render.secrets import show_value

    show_value(here.output, found)


@command("list")
@fallback_option
@click.option("--values", is_flag=True, help="Show the values as well.")
@click.option("--env", "as_env", is_flag=True, help="Write lines of NAME=value, which `secret load` reads.")
def list_secrets(here: Here, *, fallback: bool, values: bool, as_env: bool) -> None:
    """List the secrets of a stage, and those that the app declares and nobody has set."""
    project, stage = _place(here)
    found = _with_secrets(here, project, stage, lambda secrets: secrets.list(), fallback=fallback)
    if as_env and not here.output.as_json:
        for one in found:
            here.output.data(as_dotenv(one.name, one.value))
        return

    from sundog.cli.render.secrets import show_list

    show_list(here.output, project, stage, found, values=values or as_env)


@command("remove")
@click.argument("name")
@fallback_option
def remove_secret(here: Here, name: str, *, fallback: bool) -> None:
    """Take the value of a secret away."""
    check_secret_name(name)
    project, stage = _place(here)
    _with_secrets(here, project, stage, lambda secrets: secrets.remove(name), fallback=fallback)

    from sundog.cli.render.secrets import show_changed

    show_changed(here.output, project, stage, [name], "removed", fallback=fallback)


@command("load")
@click.argument("file")
@fallback_option
def load_secrets(here: Here, file: str, *, fallback: bool) -> None:
    """Set secrets from a file of NAME=value lines; `-` is stdin."""
    values = parse_dotenv(_read_file(here.cwd, file), "stdin" if file == _STDIN else file)
    for name, value in values.items():
        check_secret_value(check_secret_name(name), value)
    project, stage = _place(here)
    _with_secrets(here, project, stage, lambda secrets: secrets.set(values), fallback=fallback)

    from sundog.cli.render.secrets import show_changed

    show_changed(here.output, project, stage, list(values), "set", fallback=fallback)


def _place(here: Here) -> tuple[Project, Stage]:
    project = here.project()
    return project, here.stage(project)


def _with_secrets(
    here: Here,
    project: Project,
    stage: Stage,
    work: Callable[[Secrets], Awaitable[Result]],
    *,
    fallback: bool,
) -> Result:
    from sundog.cli.render.progress import Progress
    from sundog.session.secrets import open_secrets

    async def run() -> Result:
        progress = Progress(here.output, project, stage)
        async with open_secrets(project, stage, observer=progress, fallback=fallback) as secrets:
            return await work(secrets)

    return run_async(run, here.output)


def _read_value(here: Here, name: str) -> str:
    if not sys.stdin.isatty():
        # What `echo` adds is not meant; whoever wants a new line at the end writes two.
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if here.output.as_json or not here.output.is_terminal:
        raise MissingArgument(
            f"the value of the secret `{name}` is missing",
            why="there is no terminal to ask on",
            fix=f"pipe it in: `sundog secret set {name} < file`",
        )
    answer: str = click.prompt(f"Value of {name}", hide_input=True, err=True, default="", show_default=False)
    return answer


def _read_file(cwd: Path, file: str) -> str:
    if file == _STDIN:
        return sys.stdin.read()
    try:
        return (cwd / file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSecretsFile(
            f"the file `{file}` cannot be read",
            why=error.strerror if isinstance(error, OSError) else "it is not UTF-8",
            fix="name a readable text file of `NAME=value` lines",
        ) from error


secret = SubcommandGroup(
    "secret",
    help='Set and show the secrets of a stage.\n\nThe app declares them: `Secret(stack, "stripe_key")`.',
    commands=[set_secret, get_secret, list_secrets, remove_secret, load_secrets],
)
