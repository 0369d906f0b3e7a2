"""Errors of the command line itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sundog.errors import Cancelled, ConfigError, HandlerError, SeveralErrors, SundogError, UsageError


class UnknownCommand(UsageError):
    """There is no such command; `sundog --help` lists all."""

    code = "SD-USAGE-001"


class UnknownOption(UsageError):
    """The command has no such option; `sundog <command> --help` lists all."""

    code = "SD-USAGE-002"


class InvalidArgument(UsageError):
    """An option's or argument's value cannot be used: a word where a number belongs, a value that is not offered."""

    code = "SD-USAGE-003"


class MissingArgument(UsageError):
    """The command needs an argument, or an option its value, that was not given."""

    code = "SD-USAGE-004"


class CommandNotStarted(UsageError):
    """The command that `sundog run` was given is no program, or the system cannot start it."""

    code = "SD-USAGE-031"


class SurplusArgument(UsageError):
    """The command was given more arguments than it takes.

    A value with spaces needs quotes in the shell.
    """

    code = "SD-USAGE-005"


class UnknownFunction(UsageError):
    """The app has no such function on this stage.

    A function is called by its name, its id (the construct path), or its handler (`functions/notes.list_notes`).
    """

    code = "SD-USAGE-006"


class AmbiguousFunction(UsageError):
    """Several functions of the app share what was given: the same handler serves two routes, for one."""

    code = "SD-USAGE-007"


class InvalidEvent(UsageError):
    """The event is not valid JSON, or larger than Lambda accepts."""

    code = "SD-USAGE-008"


class MissingEvent(UsageError):
    """The file of the event does not exist, and no saved event has that name.

    `--event create` reads `events/create.json` of the project; `--event path/to/file.json` any file; `--event -` stdin.
    """

    code = "SD-USAGE-009"


class InvalidTime(UsageError):
    """A time is neither a duration before now (`10m`, `2h`, `1d`) nor an ISO 8601 date or time."""

    code = "SD-USAGE-016"


class ConfirmationNeeded(UsageError):
    """The command would ask before it goes on, and there is no terminal to ask on.

    Scripts and CI say yes with `--yes`.
    """

    code = "SD-USAGE-015"


class RegionNotNamed(UsageError):
    """The command works in one region, and the stage has several.

    `deploy`, `remove`, `migrate`, `build` and `secret` work in each region of a stage. What calls a function, runs a program or
    reads what was recorded works in one: `--region` names it.
    """

    code = "SD-USAGE-018"


class RegionsFailed(SeveralErrors):
    """A command failed in some regions of a stage; in the others it is done, or was not begun.

    What is done stays done. When the cause is gone, the same command again brings all regions to the same state; `--region`
    narrows it to one. The exit code is that of the first region that failed, in the order of `regions` in `pyproject.toml`.
    """

    code = "SD-REGIONS"

    def __init__(
        self, failed: Mapping[str, SundogError], *, done: Sequence[str], not_begun: Sequence[str] = ()
    ) -> None:
        """Say what became of each region."""
        super().__init__(failed.values())
        self.regions = {"failed": list(failed), "done": list(done), "not_begun": list(not_begun)}
        told = {"done in": done, "not begun in": not_begun}
        rest = "".join(f", {what} {', '.join(names)}" for what, names in told.items() if names)
        self.what = f"failed in {', '.join(failed)}{rest}"
        self.fixes = ("run the command again when the cause is gone: what is done stays done",)

    def headed(self) -> Iterable[tuple[str | None, SundogError]]:
        """Return the problems, each below the name of its region."""
        return list(zip(self.regions["failed"], self.errors, strict=True))

    def as_dict(self) -> dict[str, object]:
        """Return the collected problems as `--json` prints them, with what became of the regions."""
        errors = zip(self.regions["failed"], self.errors, strict=True)
        described = [{**error.as_dict(), "region": region} for region, error in errors]
        return {**super().as_dict(), "errors": described, "regions": self.regions}


class UnknownCode(UsageError):
    """No error has this code."""

    code = "SD-USAGE-012"


class EventNotReplayable(UsageError):
    """The stored event cannot be sent again: it was larger than what is kept, or is no longer kept.

    `sundog replay <id> --event <file>` sends another event to the same function.
    """

    code = "SD-USAGE-013"


class NothingRecorded(UsageError):
    """Nothing has been recorded on this machine of a stage in AWS.

    Lambda runs the functions of such a stage, and CloudWatch keeps what they log, in each region its own. `sundog logs` and
    `sundog replay` read what a session on this machine has recorded: `sundog invoke <function> --event <file>` sends any event.
    """

    code = "SD-USAGE-019"


class FolderGone(UsageError):
    """The folder that the command was started in has been deleted or moved; the shell has not noticed."""

    code = "SD-USAGE-017"


class NotDeployed(ConfigError):
    """The stage has no cloud assembly in this folder: nothing has been synthesized for it yet.

    `sundog dev` and `sundog deploy` leave one in `.sundog/<stage>/assembly/`; `invoke` and `logs` read the functions' names
    there.
    """

    code = "SD-CONFIG-020"


class FolderNotEmpty(ConfigError):
    """`sundog create` does not write over existing files.

    `--force` adds to a folder that has files in it, and still leaves each existing file as it is.
    """

    code = "SD-CONFIG-021"


class UnknownTemplate(UsageError):
    """There is no such template for `sundog create`."""

    code = "SD-USAGE-014"


class CannotWrite(ConfigError):
    """A file or folder that the command makes cannot be written: a missing permission, or a full disk."""

    code = "SD-CONFIG-022"


class FunctionFailed(HandlerError):
    """The function raised, timed out or could not start; the error is the one that Lambda reports."""

    code = "SD-HANDLER-001"


class ColdStartOverBudget(HandlerError):
    """Importing a function's module takes longer than `sundog coldstart --budget` allows.

    The time is the median of several imports on this machine, which is not Lambda: take a budget from what the command
    says in the same place, and leave room for a busy machine.
    """

    code = "SD-COLDSTART-002"


class CheckFailed(ConfigError):
    """`sundog doctor` found something that keeps sundog from working; each check says how to mend it."""

    code = "SD-DOCTOR-001"


class Terminated(Cancelled):
    """The process was told to end, by SIGTERM or because its terminal was closed."""

    code = "SD-TERMINATED"
    exit_code = 143
