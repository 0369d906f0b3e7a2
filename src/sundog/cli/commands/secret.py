"""`sundog secret`: set, get, list, remove and load."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sundog.cli.dotenv import InvalidSecretsFile, as_dotenv, assignments
from sundog.cli.errors import MissingArgument
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.regions import Place, in_all_regions
from sundog.cli.subcommands import SubcommandGroup
from sundog.errors import Location, suggestion
from sundog.model.secrets import check_secret_name, check_secret_value, not_text

if TYPE_CHECKING:
    from sundog.cli.render.progress import Progress
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
    """Give a secret its value, in each region of the stage.

    Without VALUE it is read from stdin, or asked for on a terminal; other users of the machine can see arguments.
    """
    check_secret_name(name)
    value = check_secret_value(name, _read_value(here, name) if value is None else value)
    _set(here, {name: value}, fallback=fallback)


@command("get")
@click.argument("name")
@fallback_option
def get_secret(here: Here, name: str, *, fallback: bool) -> None:
    """Show the value of a secret: the stage's own, or the fallback."""
    check_secret_name(name)
    places = _places(here)
    found = _in_regions(here, places, lambda secrets: secrets.find(name), fallback=fallback)

    from sundog.cli.render.secrets import show_value
    from sundog.session.secrets import one_value

    show_value(here.output, one_value(found))


@command("list")
@fallback_option
@click.option("--values", is_flag=True, help="Show the values as well.")
@click.option("--env", "as_env", is_flag=True, help="Write lines of NAME=value, which `secret load` reads.")
def list_secrets(here: Here, *, fallback: bool, values: bool, as_env: bool) -> None:
    """List the secrets of a stage, and those that the app declares and nobody has set."""
    places = _places(here)
    found = _in_regions(here, places, lambda secrets: secrets.list(), fallback=fallback)
    if as_env and not here.output.as_json:
        from sundog.session.secrets import agreed

        for one in agreed(found):
            here.output.data(as_dotenv(one.name, one.value))
        return

    from sundog.cli.render.secrets import show_list

    show_list(here.output, places[0], found, values=values or as_env)


@command("remove")
@click.argument("name")
@fallback_option
@click.option("--unprotect", is_flag=True, help="Remove it although the stage is marked as protected.")
def remove_secret(here: Here, name: str, *, fallback: bool, unprotect: bool) -> None:
    """Take the value of a secret away, in each region of the stage."""
    check_secret_name(name)
    places = _places(here)

    from sundog.deploy.remove import refuse_protected

    refuse_protected(places[0][1], confirmed=unprotect, command=f"sundog secret remove {name}")
    found = _in_regions(here, places, lambda secrets: secrets.remove(name), fallback=fallback)

    from sundog.cli.render.secrets import show_changed
    from sundog.session.secrets import SecretNotSet

    missing = [one for one in found.values() if isinstance(one, SecretNotSet)]
    if len(missing) == len(found):
        raise missing[0]
    removed = [region for region, one in found.items() if one is None]
    show_changed(here.output, places[0], [name], "removed", fallback=fallback, regions=removed)


@command("load")
@click.argument("file")
@fallback_option
def load_secrets(here: Here, file: str, *, fallback: bool) -> None:
    """Set secrets from a file of NAME=value lines, in each region of the stage; `-` is stdin."""
    text = _read_stdin("the file") if file == _STDIN else _read_file(here.cwd, file)
    values: dict[str, str] = {}
    for name, value, where in assignments(text, "stdin" if file == _STDIN else file):
        values[check_secret_name(name, where)] = check_secret_value(name, value, where)
    _set(here, values, fallback=fallback)


def _set(here: Here, values: Mapping[str, str], *, fallback: bool) -> None:
    places = _places(here)
    _in_regions(here, places, lambda secrets: secrets.set(values), fallback=fallback)

    from sundog.cli.render.secrets import show_changed

    regions = [stage.region for _, stage in places]
    show_changed(here.output, places[0], list(values), "set", fallback=fallback, regions=regions)


def _places(here: Here) -> list[Place]:
    places = here.places()
    project, stage = places[0]
    known = project.settings.stages
    close = None if stage.is_local or stage.name in known else suggestion(stage.name, known)
    if close is not None:
        here.output.talk(
            ("warning: ", "yellow"),
            f"pyproject.toml has no stage `{stage.name}`; did you mean `{close}`?",
        )
    return places


def _in_regions(
    here: Here, places: list[Place], work: Callable[[Secrets], Awaitable[Result]], *, fallback: bool
) -> dict[str, Result]:
    from sundog.session.secrets import open_secrets

    async def run(project: Project, stage: Stage, progress: Progress) -> Result:
        async with open_secrets(project, stage, observer=progress, fallback=fallback) as secrets:
            return await work(secrets)

    return in_all_regions(here, places, run)


def _read_value(here: Here, name: str) -> str:
    if not sys.stdin.isatty():
        # What `echo` adds is not meant; whoever wants a new line at the end writes two.
        return _read_stdin(f"the value of the secret `{name}`").removesuffix("\n").removesuffix("\r")
    if here.output.as_json or not here.output.is_terminal:
        raise MissingArgument(
            f"the value of the secret `{name}` is missing",
            why="there is no terminal to ask on",
            fix=f"pipe it in: `sundog secret set {name} < file`",
        )
    answer: str = click.prompt(f"Value of {name}", hide_input=True, err=True, default="", show_default=False)
    return answer


def _read_stdin(what: str) -> str:
    try:
        # Not as the locale says: a secret is not to depend on it.
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_text(what) from error


def _read_file(cwd: Path, file: str) -> str:
    fix = "name a readable text file of `NAME=value` lines"
    try:
        content = (cwd / file).read_bytes()
    except OSError as error:
        raise InvalidSecretsFile(f"the file `{file}` cannot be read", why=error.strerror, fix=fix) from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        where = Location(file, content.count(b"\n", 0, error.start) + 1)
        raise InvalidSecretsFile(
            f"the file `{file}` cannot be read", where=where, why="it is not UTF-8", fix=fix
        ) from error


secret = SubcommandGroup(
    "secret",
    help='Set and show the secrets of a stage.\n\nThe app declares them: `Secret(stack, "stripe_key")`.',
    commands=[set_secret, get_secret, list_secrets, remove_secret, load_secrets],
)
