"""The overview of all commands.

It needs no click: importing that takes twice as long as everything else that `sundog --help` does.
"""

from __future__ import annotations

COMMANDS = {
    "create": "Start a new app from a template.",
    "dev": "Run the app live: edits are served in milliseconds.",
    "deploy": "Deploy the app to a stage.",
    "remove": "Remove a stage and all that is in it.",
    "build": "Synthesize the app and build its functions, without deploying.",
    "invoke": "Call a function and show its result and its logs.",
    "run": "Run a command with the app's bindings.",
    "migrate": "Run the migrations that databases do not have yet, or undo some.",
    "logs": "Show and search what functions logged.",
    "replay": "Send a recorded event to its function again.",
    "coldstart": "Show what a function's cold start is made of, and what to change first.",
    "types": "Write the types of the app's resources, for editors and type checkers.",
    "secret": "Set and show the secrets of a stage.",
    "doctor": "Check this machine and this project.",
    "explain": "Explain an error by its code.",
    "version": "Show the versions of sundog and what it builds on.",
}
"""Summaries by name; the module `commands/<name>.py` has the command."""

ASKS_FOR_OVERVIEW: tuple[tuple[str, ...], ...] = ((), ("--help",), ("-h",))
"""Command lines that are answered with the overview."""


def overview() -> str:
    """Return the text of `sundog --help`."""
    width = max(len(name) for name in COMMANDS)
    commands = "\n".join(f"  {name.ljust(width)}  {summary}" for name, summary in COMMANDS.items())
    return f"""\
Usage: sundog COMMAND [OPTIONS]

Fullstack serverless apps on AWS, in Python, live on your machine while you write them.

Commands:
{commands}

Options of every command:
  --stage NAME       Deployed copy of the app; the default is `local`, on this machine.
  --region REGION    AWS region, over the project's setting.
  --profile PROFILE  AWS profile, over the project's setting.
  --json             Write one line of JSON per event to stdout.
  -v, --verbose      Say more; -vv shows tracebacks.
  -h, --help         Describe the command.

`sundog --version` shows the version."""
