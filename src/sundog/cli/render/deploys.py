"""Deploys and removals as lines: each stack, and the resources that a person waits for or must know of."""

from __future__ import annotations

from sundog.cli.render.errors import error_lines
from sundog.cli.render.output import Line, Style, line
from sundog.cli.render.times import duration
from sundog.errors import SundogError
from sundog.model.events import DeployFinished, DeployStarted, ResourceProgress, StackFinished, UploadFinished

_MARKS: dict[str, tuple[str, Style]] = {
    "created": ("✓ ", "green"),
    "updated": ("✓ ", "green"),
    "removed": ("✓ ", "green"),
    "unchanged": ("· ", "dim"),
    "failed": ("✗ ", "red"),
}


class ReportedError(SundogError):
    """An error that another process or an event described; it keeps the code that it came with."""

    code = "SD-REPORTED"

    def __init__(self, described: dict[str, object]) -> None:
        fixes, details = described.get("fix"), described.get("details")
        where, why = described.get("where"), described.get("why")
        super().__init__(
            str(described.get("what", "unknown error")),
            where=str(where) if where else None,
            why=str(why) if why else None,
            fix=[str(fix) for fix in fixes] if isinstance(fixes, list) else None,
            details=[str(detail) for detail in details] if isinstance(details, list) else (),
        )
        self.described_code = str(described.get("code", self.code))


class DeployLines:
    """Turns the events of a deploy into lines."""

    def __init__(self, *, width: int, every_resource: bool, show_unchanged: bool) -> None:
        """Choose how much is shown.

        Args:
            width: Errors are wrapped to it.
            every_resource: Show each resource that is done; failures are always shown.
            show_unchanged: Show stacks that were up to date.
        """
        self._width = width
        self._every_resource = every_resource
        self._show_unchanged = show_unchanged

    def started(self, event: DeployStarted) -> list[Line]:
        """Say which stacks."""
        if not self._every_resource:
            return []
        verb = "removing" if event.action == "remove" else "deploying"
        return [
            line((f"{verb} ", "bold"), ", ".join(event.stacks) or "nothing", (f" · {event.stage}", "dim"))
        ]

    def resource(self, event: ResourceProgress) -> list[Line]:
        """Show a resource that is done or has failed."""
        failed = event.status.endswith("_FAILED")
        if not failed and not (self._every_resource and event.status.endswith("_COMPLETE")):
            return []
        name = event.path or event.logical_id
        pieces = line(
            ("  ✗ " if failed else "  · ", "red" if failed else "dim"),
            name,
            (f"  {event.cloudformation_type}  {event.status}", "red" if failed else "dim"),
        )
        if not failed:
            return [pieces]
        lines = [pieces]
        if event.place is not None:
            lines.append(line(("    --> ", "cyan"), f"{event.place.file}:{event.place.line}"))
        if event.reason:
            lines.append(line(f"    {event.reason}"))
        return lines

    def stack(self, event: StackFinished) -> list[Line]:
        """Show how a stack ended."""
        if event.status == "unchanged" and not self._show_unchanged:
            return []
        status, style = event.status, "red" if event.status == "failed" else "plain"
        return [
            line(
                _MARKS[event.status],
                (event.stack, "bold"),
                (f"  {status}", style),
                f"  {duration(event.duration_ms)}",
            )
        ]

    def upload(self, event: UploadFinished) -> list[Line]:
        """Say what has become of the files of a site or a bucket."""
        if not event.uploaded and not event.removed and not self._show_unchanged:
            return []
        removed = f", {_files(event.removed)} removed" if event.removed else ""
        return [
            line(
                ("✓ ", "green"),
                (event.name, "bold"),
                f"  {_files(event.uploaded)} uploaded{removed}  {duration(event.duration_ms)}",
            )
        ]

    def finished(self, event: DeployFinished) -> list[Line]:
        """Show why a deploy failed."""
        if event.ok or event.error is None:
            return []
        return described_error(event.error, self._width)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def described_error(described: dict[str, object], width: int) -> list[Line]:
    """Return the lines of an error that an event carries."""
    return error_lines(ReportedError(described), width)
