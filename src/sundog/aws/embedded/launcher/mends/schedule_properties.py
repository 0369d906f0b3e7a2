"""A schedule's time zone, start and end in a template are dropped: it fires by UTC, from now on, for ever."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})

_WITH_DEFAULTS = {"ScheduleExpressionTimezone": "UTC", "StartDate": None, "EndDate": None}


def mend(module: Any) -> None:
    """Store them."""

    def store(name: str, properties: Properties) -> None:
        from ministack.services import scheduler

        schedule = scheduler._schedules.get(f"{properties.get('GroupName', 'default')}/{name}")
        if schedule is not None:
            schedule.update({key: properties.get(key, default) for key, default in _WITH_DEFAULTS.items()})

    afterwards(module, "AWS::Scheduler::Schedule", store)
