"""Schedules fire by UTC whatever their time zone, up to ten seconds late, and send an object where AWS sends a text.

Those for once fire anew after a restart, and not again when they are given another moment.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MODULE = "ministack.services.scheduler"
VERSIONS = frozenset({"1.5.33"})

_TICK_SECONDS = 1
_STARTED = time.time()


def mend(module: Any) -> None:
    """Look every second, and reckon in the schedule's own time."""
    module._SCHEDULE_TICK_INTERVAL = _TICK_SECONDS
    module._tick_schedules = lambda: _tick(module)


def _tick(module: Any) -> None:
    now = time.time()
    account, region = module.get_account_id(), module.get_region()
    try:
        for key, schedule in list(module._schedules._data.items()):
            once = str(schedule.get("ScheduleExpression", "")).startswith("at(")
            if _is_over(module, schedule, now):
                _complete(module, key, schedule)
            elif _is_on(module, schedule, now) and _is_due(module, key, schedule, now):
                module._schedule_last_fired[key] = now
                _fire(module, key, schedule, now)
                if once:
                    _complete(module, key, schedule)
    finally:
        module.set_request_account_id(account)
        module.set_request_region(region)


def _is_over(module: Any, schedule: dict[str, Any], now: float) -> bool:
    end = module._to_epoch(schedule.get("EndDate"))
    return end is not None and now > end


def _is_on(module: Any, schedule: dict[str, Any], now: float) -> bool:
    start = module._to_epoch(schedule.get("StartDate"))
    return schedule.get("State") == "ENABLED" and (start is None or now >= start)


def _complete(module: Any, key: Any, schedule: dict[str, Any]) -> None:
    if schedule.get("ActionAfterCompletion") == "DELETE":
        module._schedules._data.pop(key, None)
        module._schedule_last_fired.pop(key, None)


def _is_due(module: Any, key: Any, schedule: dict[str, Any], now: float) -> bool:
    from ministack.services import eventbridge

    expression = str(schedule.get("ScheduleExpression", ""))
    last = module._schedule_last_fired.get(key)
    if expression.startswith("at("):
        moment = _moment(expression, _zone(module, schedule))
        return moment <= now and not _is_past(schedule, moment, last)
    interval = eventbridge._parse_rate_seconds(expression)
    if interval is not None:
        last = module._schedule_last_fired.setdefault(key, schedule.get("CreationDate", now))
        return bool(now - last >= interval)
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        return False
    last = module._schedule_last_fired.setdefault(key, now)
    following = next_time(eventbridge._cron_next_fire, fields, last, _zone(module, schedule))
    return following is not None and now >= following


def _is_past(schedule: dict[str, Any], moment: float, last: float | None) -> bool:
    """Whether a schedule for once has fired for this moment, or was over before this process began.

    When it fired is not kept from one process to the next; and one that was given another moment fires again.
    """
    if last is not None:
        return last >= moment
    changed = max(float(schedule.get(name) or 0) for name in ("CreationDate", "LastModificationDate"))
    return moment < _STARTED and changed < _STARTED


def next_time(next_fire: Any, fields: Any, last: float, zone: tzinfo) -> float | None:
    """Return when a cron expression holds next in a time zone, in seconds since the epoch.

    Args:
        next_fire: The emulator's own reckoning, which knows UTC only: it is given the zone's clock as if it were UTC.
        fields: The parsed expression.
        last: After when.
        zone: Whose clock counts.
    """
    clock = datetime.fromtimestamp(last, tz=zone).replace(tzinfo=UTC)
    following: datetime | None = next_fire(fields, clock)
    return None if following is None else following.replace(tzinfo=zone).timestamp()


def _moment(expression: str, zone: tzinfo) -> float:
    return datetime.fromisoformat(expression[3:-1]).replace(tzinfo=zone).timestamp()


def _zone(module: Any, schedule: dict[str, Any]) -> tzinfo:
    name = str(schedule.get("ScheduleExpressionTimezone") or "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        module.logger.warning("Scheduler: this machine knows no time zone %s; UTC is used", name)
        return UTC


def _fire(module: Any, key: Any, schedule: dict[str, Any], now: float) -> None:
    from ministack.services import eventbridge

    account, region, name = key
    module.set_request_account_id(account)
    module.set_request_region(region)
    event = {
        "EventId": module.new_uuid(),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": now,
        "Resources": [schedule.get("Arn", "")],
        "Account": account,
        "Region": region,
    }
    target = schedule.get("Target") or {}
    if not target.get("Input"):
        # As of a rule, except that `detail` stays a text.
        sent = eventbridge._pattern_event_view(event).event_with_detail() | {"detail": "{}"}
        target = {**target, "Input": json.dumps(sent)}
    try:
        eventbridge._invoke_target(target, event, schedule)
    except Exception:  # one schedule's target must not keep the others from firing
        module.logger.exception("Scheduler: %s could not be delivered", name)
