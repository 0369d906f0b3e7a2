"""A defect of ours: what a person is told, and the file with what we need to mend it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shlex
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from sundog.errors import BugError, SundogError, leaves
from sundog.model.cache import cache_dir
from sundog.model.project import find_project
from sundog.model.redaction import Redactor

_PACKAGES = (
    "sundog",
    "sundog-runtime",
    "aws-cdk-lib",
    "jsii",
    "boto3",
    "anyio",
    "click",
    "msgspec",
    "watchfiles",
)


def report_bug(
    error: BaseException, arguments: Sequence[str], *, environ: Mapping[str, str], cwd: Path
) -> SundogError:
    """Write a report and return the error that names it."""
    named = leaves(error)[0]
    name = f"{type(named).__name__}: {named}".splitlines()[0][:200]
    file = _write(_text(error, arguments, environ), _folder(environ, cwd))
    result = BugError(
        f"sundog itself failed: `{Redactor(environ).text(name)}`",
        why="this is a defect of sundog, not of your app",
        fix=[
            f"report it, with the file {file}"
            if file
            else "report it, with the output of the same command and -vv",
            "run the same command again with -vv to see the traceback",
        ],
    )
    result.__cause__ = error
    return result


def _folder(environ: Mapping[str, str], cwd: Path) -> Path:
    try:
        return find_project(cwd).state_dir / "reports"
    except SundogError:
        return cache_dir(environ) / "reports"


def _text(error: BaseException, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    versions = "\n".join(f"{package} {_version(package)}" for package in _PACKAGES)
    text = (
        f"sundog {shlex.join(arguments)}\n"
        f"{dt.datetime.now(dt.UTC).isoformat(timespec='seconds')}\n"
        f"Python {sys.version}\n{platform.platform()}\n{versions}\n\n"
        f"{''.join(traceback.format_exception(error))}"
    )
    redactor = Redactor(environ)
    if arguments[:2] == ["secret", "set"]:
        # The arguments after the name: the value, and perhaps options, which are no loss.
        redactor.add_values(arguments[3:])
    return redactor.text(text)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _write(text: str, folder: Path) -> Path | None:
    moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
    file = folder / f"bug-{moment}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as report:
            report.write(text)
    except OSError:
        # A full disk or a read-only folder: the message then asks for the output of -vv instead.
        return None
    return file
