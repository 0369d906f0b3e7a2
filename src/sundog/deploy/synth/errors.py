"""Errors of synthesizing: the user's app is missing, is wrong, does not end, or its process cannot run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sundog.errors import (
    Cancelled,
    ConfigError,
    DeployError,
    HandlerError,
    Location,
    SeveralErrors,
    SundogError,
)


class AppFileNotFound(ConfigError):
    """The file that defines the app, `app.py` or what `[tool.sundog] app` names, does not exist."""

    code = "SD-SYNTH-001"


class AppSyntaxError(HandlerError):
    """The app, or a module that it imports, is not valid Python."""

    code = "SD-SYNTH-002"


class AppRaised(HandlerError):
    """The app raised an exception while it was synthesized."""

    code = "SD-SYNTH-003"


class AppExited(HandlerError):
    """The app ended itself with `sys.exit` and a status other than 0."""

    code = "SD-SYNTH-004"


class AppNotSynthesized(ConfigError):
    """The app ran to its end without `app.synth()`, so there is no cloud assembly.

    The call is not made on the app's behalf: `cdk synth` would not make it either, and the same `app.py` must mean the
    same in both.
    """

    code = "SD-SYNTH-005"


class NotASundogApp(ConfigError):
    """The app made a cloud assembly without sundog's manifest: it uses `aws_cdk.App` instead of `sundog.App`."""

    code = "SD-SYNTH-006"


class SynthTimeout(HandlerError):
    """The app did not end in time."""

    code = "SD-SYNTH-007"


class SynthProcessDied(DeployError):
    """The process that runs the app ended without a result, also when it was started again."""

    code = "SD-SYNTH-008"


class NodeNotStarted(DeployError):
    """The CDK runs in Node, and Node could not be started."""

    code = "SD-SYNTH-009"


class SynthSuperseded(Cancelled):
    """A newer synth was asked for before this one ended; its result is the one that counts."""

    code = "SD-SYNTH-010"


class SynthFolderNotWritable(ConfigError):
    """The cloud assembly cannot be written below `.sundog/`."""

    code = "SD-SYNTH-011"


class AppRefused(ConfigError):
    """A construct of sundog refused what the app gave it; the code is that of the construct's own error."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        """Take over the fields of an error that was raised in the synth process."""
        super().__init__(
            fields["what"],
            where=fields.get("where"),
            why=fields.get("why"),
            fix=fields.get("fix") or None,
            details=fields.get("details") or (),
        )
        self.code = fields["code"]  # type: ignore[misc]  # each relayed error has the code it was raised with
        self.exit_code = fields.get("exit_code", self.exit_code)  # type: ignore[misc]


def app_error(described: Mapping[str, Any], output: Iterable[str], show: Any) -> SundogError:  # noqa: ANN401
    """Turn what the worker says about the app's exception into an error.

    Args:
        described: `kind`, `type`, `message`, `file`, `line`, `text`, `hint`, `frames`, and `error` or `status`.
        output: The last lines that the app printed.
        show: Returns a path as messages show it.
    """
    kind = described["kind"]
    if kind == "sundog":
        return _relayed(described["error"])
    file = described["file"]
    where = None if file is None else Location(show(file), described["line"], described["text"])
    if kind == "syntax":
        return AppSyntaxError(
            f"`{show(file)}` is not valid Python",
            where=where,
            why=described["message"],
            fix="correct that line",
        )
    if kind == "exit":
        return AppExited(
            f"the app ended with exit status {described['status']}",
            where=where,
            why=described["message"] if not described["message"].isdigit() else None,
            fix="remove the `sys.exit`, or the cause for it",
            details=output,
        )
    message = described["message"]
    return AppRaised(
        f"the app raised `{described['type']}`" + (f": {message}" if message else ""),
        where=where,
        fix=described["hint"],
        details=[*output, *described["frames"]],
    )


def _relayed(fields: Mapping[str, Any]) -> SundogError:
    several = fields.get("errors")
    if several:
        return SeveralErrors(_relayed(one) for one in several)
    return AppRefused(fields)
