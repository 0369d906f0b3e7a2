"""Every error that a user can meet, as data: what, where, why and how to fix it.

The tree::

    SundogError
    ├── ConfigError          pyproject.toml, options, environment       (exit 3)
    │   └── UsageError       the command line itself                    (exit 2)
    ├── ConstructError       a construct got something it cannot use    (exit 3)
    ├── BundleError          a function's code cannot be packaged       (exit 1)
    ├── DeployError          CloudFormation refused or failed           (exit 1)
    ├── AwsError             a service or the credentials failed        (exit 4)
    ├── CloudError           the embedded cloud failed                  (exit 1)
    ├── LiveError            the live session failed                    (exit 1)
    ├── HandlerError         the user's own code raised                 (exit 1)
    ├── UnsupportedError     a documented limit                         (exit 1)
    ├── BusyError            somebody else holds what is needed         (exit 5)
    ├── Cancelled            Ctrl-C                                     (exit 130)
    └── BugError             a defect of sundog                         (exit 70)

Raising code never prints and never exits. `cli/render/errors.py` is the only place that turns an error into text.

A concrete error is a small subclass with a `code` of its own and a docstring that explains it: the docstring is the
documentation page of the code. Errors live beside the code that raises them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Location:
    """A place in a user's file."""

    file: str
    """Path as the user would type it: relative to the project when inside it."""
    line: int | None = None
    """One-based line, or None when the whole file is meant."""
    text: str | None = None
    """The line itself, shown after the place."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}  {self.text}" if self.text else place


class SundogError(Exception):
    """Base of all errors that sundog raises on purpose."""

    code: ClassVar[str] = "SD-000"
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        *,
        where: Location | str | None = None,
        why: str | None = None,
        fix: str | Iterable[str] | None = None,
        details: Iterable[str] = (),
    ) -> None:
        """Describe a failure.

        Args:
            what: One sentence in the user's vocabulary, with the offending value in backticks.
            where: The user's file and line, or the AWS operation that failed.
            why: The cause, omitted when unknown.
            fix: One imperative, or several in order of likelihood.
            details: Further lines shown as they are: a traceback's frames, the output of a tool.
        """
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.fixes: tuple[str, ...] = () if fix is None else (fix,) if isinstance(fix, str) else tuple(fix)
        self.details = tuple(details)

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Change each of its texts: what quotes another program may hold what nobody is to read."""
        self.what = change(self.what)
        self.args = (self.what,)
        self.why = None if self.why is None else change(self.why)
        self.fixes = tuple(change(fix) for fix in self.fixes)
        self.details = tuple(change(detail) for detail in self.details)

    def as_text(self) -> str:
        """Return the error as plain text, for a program that shows it in a report of its own."""
        place = f" ({self.where})" if self.where is not None else ""
        lines = [f"{self.code}: {self.what}{place}"]
        lines += [f"why: {self.why}"] if self.why else []
        return "\n".join([*lines, *self.details, *(f"fix: {fix}" for fix in self.fixes)])

    def as_dict(self) -> dict[str, object]:
        """Return the fields as `--json` prints them."""
        return {
            "code": self.code,
            "what": self.what,
            "where": None if self.where is None else str(self.where),
            "why": self.why,
            "fix": list(self.fixes),
            "details": list(self.details),
            "exit_code": self.exit_code,
        }


class ConfigError(SundogError, ValueError):
    """The project's configuration is wrong."""

    code = "SD-CONFIG-000"
    exit_code = 3


class UsageError(ConfigError):
    """The command line is wrong."""

    code = "SD-USAGE-000"
    exit_code = 2


class ConstructError(SundogError, ValueError):
    """A construct was given something that it cannot use."""

    code = "SD-CONSTRUCT-000"
    exit_code = 3


class BundleError(SundogError):
    """The code of a function cannot be packaged."""

    code = "SD-BUNDLE-000"


class DeployError(SundogError):
    """CloudFormation refused a template or failed to apply it."""

    code = "SD-DEPLOY-000"


class AwsError(SundogError):
    """An AWS service, or the way to it, failed."""

    code = "SD-AWS-000"
    exit_code = 4


class CloudError(SundogError):
    """The embedded cloud failed."""

    code = "SD-CLOUD-000"


class LiveError(SundogError):
    """The live session failed."""

    code = "SD-LIVE-000"


class HandlerError(SundogError):
    """The user's own code raised."""

    code = "SD-HANDLER-000"


class UnsupportedError(SundogError):
    """Something that sundog, or the chosen cloud, documents as not possible."""

    code = "SD-UNSUPPORTED-000"


class BusyError(SundogError):
    """Somebody else holds what is needed: a lock, a port, a stage."""

    code = "SD-BUSY-000"
    exit_code = 5


class Cancelled(SundogError):
    """The user pressed Ctrl-C."""

    code = "SD-CANCELLED"
    exit_code = 130


class BugError(SundogError):
    """A defect of sundog itself."""

    code = "SD-BUG"
    exit_code = 70


class SeveralErrors(SundogError):
    """Problems that were collected so that one run shows them all."""

    code = "SD-SEVERAL"

    def __init__(self, errors: Iterable[SundogError]) -> None:
        self.errors = tuple(errors)
        super().__init__(f"{len(self.errors)} problems found")

    @property
    def worst_exit_code(self) -> int:
        """Return the exit code of the first problem."""
        first = self.errors[0]
        return first.worst_exit_code if isinstance(first, SeveralErrors) else first.exit_code

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Change the texts of each problem."""
        super().rewrite(change)
        for error in self.errors:
            error.rewrite(change)

    def headed(self) -> Iterable[tuple[str | None, SundogError]]:
        """Return the problems, each with what to write above it."""
        return [(None, error) for error in self.errors]

    def as_dict(self) -> dict[str, object]:
        """Return the collected problems as `--json` prints them."""
        return {**super().as_dict(), "errors": [error.as_dict() for error in self.errors]}


def leaves(error: BaseException) -> list[BaseException]:
    """Return what an error is made of: tasks that run side by side leave groups of errors, and groups in groups."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to a misspelt one, or None.

    Example:
        >>> suggestion("GTE /notes", ["GET /notes", "POST /notes"])
        'GET /notes'
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
