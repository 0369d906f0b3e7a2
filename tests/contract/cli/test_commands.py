"""What holds for every command."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from sundog.cli.group import LazyGroup, sundog
from sundog.cli.render.help import COMMANDS, overview

DOCS = (Path(__file__).parents[3] / "docs/cli.md").read_text("utf-8")
COMMON = {"--stage", "--region", "--profile", "--json", "--verbose"}


def named(path):
    """Return a command by the words that call it."""
    found = sundog
    assert isinstance(found, LazyGroup)
    for word in path.split():
        found = found.get_command(click.Context(found), word)
    return found


def paths():
    """Return the words of every command that does something."""
    for name in COMMANDS:
        command = named(name)
        yield from (
            [f"{name} {own}" for own in command.commands] if isinstance(command, click.Group) else [name]
        )


@pytest.fixture(params=paths())
def path(request):
    return request.param


@pytest.fixture
def command(path):
    return named(path)


def test_every_command_has_the_common_options(command):
    names = {name for parameter in command.params for name in parameter.opts}

    assert names >= COMMON


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_says(name):
    command = named(name)

    assert COMMANDS[name] == command.get_short_help_str(limit=200).rstrip(".") + "."


def test_every_option_has_a_help_text(command):
    without = [
        parameter.name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]

    assert without == []


def test_every_command_and_option_is_in_the_docs(path, command):
    first, _, rest = path.partition(" ")
    assert f"## `sundog {first}" in DOCS
    section = DOCS.split(f"## `sundog {first}")[1].split("\n## ")[0]
    assert f"sundog {path}" in section or not rest
    own = [
        max(p.opts, key=len)
        for p in command.params
        if isinstance(p, click.Option) and max(p.opts, key=len) not in COMMON
    ]

    assert [option for option in own if option not in section] == []


def test_the_overview_fits_a_terminal():
    assert max(len(line) for line in overview().splitlines()) <= 90
