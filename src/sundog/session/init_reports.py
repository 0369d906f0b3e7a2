"""What Lambda, or the local sessions, reported of a function's cold starts."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from typing import Any

import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.aws.lambda_ import function_configuration
from sundog.aws.logs import log_lines
from sundog.errors import AwsError
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project, Stage
from sundog.store.database import NoStore
from sundog.store.queries import reading

LOOK_BACK_DAYS = 7
MOST_REPORTED = 100
_WINDOW_HOURS = (1, 24, LOOK_BACK_DAYS * 24)
"""Searched one after the other until there is enough: the log of a busy function is long, and its end comes first."""
_INIT, _RESTORE = "Init Duration", "Restore Duration"
_JSON_INIT, _JSON_RESTORE = "initDurationMs", "restoreDurationMs"
# `INIT_REPORT`, which is also of inits that nobody waited for, is not one of these, nor what a handler prints itself.
_REPORT = re.compile(r"REPORT RequestId: \S+\t")
_BILLED = "Billed "


class InitReports(msgspec.Struct, frozen=True, kw_only=True):
    """What cold starts took where the function runs, in milliseconds, the newest first."""

    init_ms: list[float] = []
    restore_ms: list[float] = []
    """Of environments that were restored from a snapshot (SnapStart)."""


def reports_of_sessions(project: Project, stage: Stage, entry: FunctionEntry) -> InitReports:
    """Return what the sessions of a local stage have recorded."""
    try:
        with reading(project.events_db(stage.name)) as store:
            found = store.invocations(functions=[entry.id], limit=MOST_REPORTED)
    except NoStore:
        return InitReports()
    return InitReports(init_ms=[one.init_ms for one in found if one.cold and one.init_ms is not None])


async def reports_of_lambda(
    connection: AwsConnection, function: DeployedFunction, notes: list[str]
) -> InitReports:
    """Return what Lambda wrote to the log of a deployed function in the last days.

    Args:
        connection: The way to the stage.
        function: Whose log it is.
        notes: Told why there is nothing, when there is nothing.
    """
    try:
        in_json = (await function_configuration(connection, function.physical_name)).log_format == "JSON"
        names = (_JSON_INIT, _JSON_RESTORE) if in_json else (_INIT, _RESTORE)
        found = [await _reported(connection, function.log_group, name, in_json=in_json) for name in names]
    except AwsError as error:
        advice = f"; {error.fixes[0]}" if error.fixes else ""
        notes.append(f"what Lambda reported could not be read: {error.what}{advice}")
        return InitReports()
    inits, restores = found
    if inits is None or restores is None:
        notes.append(f"Lambda has reported nothing: there is no log group `{function.log_group}` yet")
        return InitReports()
    if not inits and not restores:
        notes.append(f"Lambda has reported no cold start in the last {LOOK_BACK_DAYS} days")
    return InitReports(init_ms=inits, restore_ms=restores)


async def _reported(connection: AwsConnection, group: str, name: str, *, in_json: bool) -> list[float] | None:
    """Return the newest values that the log has of a name; None when there is no log."""
    now = time.time()
    # Clocks differ a little, and a line may be of this moment.
    until, found = now + 60, list[float]()
    for hours in _WINDOW_HOURS:
        since = now - hours * 3600
        lines = await log_lines(
            connection, group, since=since, until=until, pattern=f'"{name}"', limit=MOST_REPORTED
        )
        if lines is None:
            return None
        texts = (line.text for line in reversed(lines))
        found += json_durations(texts, name) if in_json else text_durations(texts, name)
        if len(found) >= MOST_REPORTED:
            break
        until = since
    return found[:MOST_REPORTED]


def text_durations(lines: Iterable[str], name: str) -> list[float]:
    r"""Return the milliseconds that Lambda's REPORT lines have of a name.

    Example:
        >>> text_durations(["REPORT RequestId: 1\tDuration: 2.50 ms\tInit Duration: 412.07 ms\t"], "Init Duration")
        [412.07]
    """
    wanted = re.compile(rf"(?<!{_BILLED}){re.escape(name)}: ([\d.]+) ms")
    found = (wanted.search(line) for line in lines if _REPORT.match(line))
    return [float(match[1]) for match in found if match]


def json_durations(lines: Iterable[str], name: str) -> list[float]:
    """Return the milliseconds that the report records of a function whose log is JSON have of a name."""
    found = (_metric(line, name) for line in lines)
    return [value for value in found if value is not None]


def _metric(line: str, name: str) -> float | None:
    try:
        told: Any = json.loads(line)
    except ValueError:
        # A library of the handler's may write text.
        return None
    if not isinstance(told, dict) or told.get("type") != "platform.report":
        return None
    return float(told["record"]["metrics"][name]) if name in told["record"].get("metrics", {}) else None
