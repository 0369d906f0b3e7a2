"""A function that runs on a schedule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

import aws_cdk
import aws_cdk.aws_scheduler as scheduler
import aws_cdk.aws_scheduler_targets as targets
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import FunctionDefinition, function_of
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.queue import Queue
from sundog.errors import ConstructError, suggestion
from sundog.model.manifest import Trigger

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_AT = re.compile(r"at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
MOST_RETRIES = 185
LONGEST_SPAN_SECONDS = 24 * 3600
_CRON_FIELDS = ("minutes", "hours", "day of month", "month", "day of week", "year")


class InvalidSchedule(ConstructError):
    """A schedule is neither `rate(…)`, `cron(…)` nor `at(…)` as EventBridge understands them, or its time zone is unknown.

    `rate(1 day)`, `rate(5 minutes)`: one takes the singular, more the plural. `cron(0 9 ? * MON-FRI *)` has six
    fields: minutes, hours, day of month, month, day of week, year; one of the two days must be `?`.
    `at(2026-12-24T18:00:00)` is once.
    """

    code = "SD-CRON-001"


class InvalidDelivery(ConstructError):
    """A setting of how a schedule calls its job is not one that EventBridge Scheduler has.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
    """

    code = "SD-CRON-002"


class Cron(SundogConstruct):
    """A function that runs on a schedule.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the crons of the app.
        schedule: `rate(5 minutes)`, `cron(0 9 * * ? *)`, or `at(2026-12-24T18:00:00)` for once.
        job: The function: a handler, a `Function`, or settings.
        time_zone: Whose clock `cron` and `at` go by, summer time included: `"Europe/Berlin"`; UTC when not given.
        input: What the job is given instead of EventBridge's own event.
        enabled: Whether it runs; False keeps the schedule and pauses it.
        flexible_window: How late it may be, so that many do not run at once: `"15 minutes"`.
        retries: How often Scheduler tries again when Lambda does not take the event: 0 to 185.
        max_age: For how long it tries: 1 minute to 24 hours.
        dead_letter: A `Queue` for events that Lambda did not take.
        bind: Resources that the job uses.
        function_defaults: Settings for the job when it is a handler.
        cdk: `{"schedule": {…}}` lays properties over the CDK's schedule, `{"target": {…}}` over its target.

    Example:
        >>> Cron(stack, "digest", schedule="cron(0 9 ? * MON-FRI *)", time_zone="Europe/Berlin",
        ...     job="functions/digest.run", input={"kind": "daily"}, bind=[notes])
    """

    kind = "Cron"
    cdk_keys = ("schedule", "target")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        job: FunctionDefinition,
        schedule: str | None = None,
        time_zone: str | None = None,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - what Scheduler calls it
        enabled: bool = True,
        flexible_window: float | str | aws_cdk.Duration | None = None,
        retries: int | None = None,
        max_age: float | str | aws_cdk.Duration | None = None,
        dead_letter: Queue | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self.schedule = schedule
        self.time_zone = time_zone
        self.job = function_of(self, "job", job, what="`job`", defaults=function_defaults, bind=bind or [])
        delivery: dict[str, Any] = {}
        if input is not None:
            delivery["input"] = scheduler.ScheduleTargetInput.from_object(dict(input))
        if retries is not None:
            delivery["retry_attempts"] = self._retries(retries)
        if max_age is not None:
            delivery["max_event_age"] = self._span("max_age", max_age, "1 hour")
        if dead_letter is not None:
            delivery["dead_letter_queue"] = self._dead_letter(dead_letter)
        self.cdk.target = targets.LambdaInvoke(
            self.job.cdk.function, **{**delivery, **self.cdk_props("target")}
        )
        own: dict[str, Any] = {"enabled": enabled, "target": self.cdk.target}
        if flexible_window is not None:
            window = self._span("flexible_window", flexible_window, "15 minutes")
            own["time_window"] = scheduler.TimeWindow.flexible(window)
        props = self.cdk_props("schedule")
        if "schedule" not in props:
            own["schedule"] = scheduler.ScheduleExpression.expression(
                self._checked(schedule), self._zone(time_zone)
            )
        self.cdk.schedule = scheduler.Schedule(self, "Schedule", **{**own, **props})
        detail: dict[str, Any] = {"schedule": schedule or "", "time_zone": time_zone or "UTC"}
        if input is not None:
            detail["input"] = dict(input)
        self.job.triggers.append(Trigger(kind="cron", label=f"cron {id}", resource=self.path, detail=detail))
        self.registry.constructs.append(self)

    def _zone(self, name: str | None) -> aws_cdk.TimeZone:
        if name is None:
            return aws_cdk.TimeZone.ETC_UTC
        known = available_timezones()
        # A system without the database knows none, which says nothing about the name.
        if not is_token(name) and known and name not in known:
            close = suggestion(name, sorted(known))
            raise self.error(
                InvalidSchedule,
                f"Cron `{self.id}`: `{name}` is not a time zone",
                why="time zones have the names of the IANA database, such as `Europe/Berlin`",
                fix=f'write `time_zone="{close}"`'
                if close
                else 'write it like `time_zone="America/New_York"`',
            )
        return aws_cdk.TimeZone.of(name)

    def _retries(self, given: Any) -> int:
        if is_token(given) or (isinstance(given, int) and 0 <= given <= MOST_RETRIES):
            return int(given)
        raise self.error(
            InvalidDelivery,
            f"Cron `{self.id}`: `retries` is `{given}`",
            why=f"EventBridge Scheduler tries 0 to {MOST_RETRIES} times again",
            fix=f"set `retries` to at most {MOST_RETRIES}",
        )

    def _dead_letter(self, given: Any) -> sqs.IQueue:
        if isinstance(given, Queue) and not given.fifo:
            queue: sqs.IQueue = given.cdk.queue
            return queue
        raise self.error(
            InvalidDelivery,
            f"Cron `{self.id}`: `dead_letter` is no queue that EventBridge Scheduler can send to",
            why="events that Lambda did not take go to a `Queue` that is not FIFO",
            fix='write `dead_letter=Queue(stack, "missed")`',
        )

    def _span(self, name: str, given: Any, example: str) -> aws_cdk.Duration:
        value = seconds(given)
        if value is None or not 60 <= value <= LONGEST_SPAN_SECONDS:
            raise self.error(
                InvalidDelivery,
                f"Cron `{self.id}`: `{name}` is `{given}`",
                why=f"EventBridge Scheduler allows 1 minute to 24 hours, written as {DURATION_FORMS}",
                fix=f'write `{name}="{example}"`',
            )
        return aws_cdk.Duration.minutes(value // 60)

    def _checked(self, schedule: str | None) -> str:
        if not isinstance(schedule, str):
            raise self._invalid(
                schedule, "a schedule is `rate(…)`, `cron(…)` or `at(…)`", 'add `schedule="rate(1 day)"`'
            )
        if is_token(schedule):
            return schedule
        if rate := _RATE.fullmatch(schedule):
            number, unit, plural = int(rate[1]), rate[2], bool(rate[3])
            if number == 0 or (number == 1) == plural:
                right = f"rate({number or 1} {unit}{'s' if number > 1 else ''})"
                raise self._invalid(schedule, "one takes the singular, more the plural", f"write `{right}`")
            return schedule
        if _AT.fullmatch(schedule):
            return schedule
        if cron := _CRON.fullmatch(schedule):
            self._check_cron(schedule, cron[1].split())
            return schedule
        if len(schedule.split()) in (5, 6):
            fields = schedule.split()
            fix = f"write `cron({' '.join(_six(fields))})`"
            raise self._invalid(schedule, "EventBridge wants six fields in `cron(…)`", fix)
        if amount := re.fullmatch(r"(?:every )?(\d+) (minute|hour|day)s?", schedule):
            number = int(amount[1])
            fix = f"write `rate({number} {amount[2]}{'s' if number > 1 else ''})`"
            raise self._invalid(schedule, "a schedule is `rate(…)`, `cron(…)` or `at(…)`", fix)
        raise self._invalid(
            schedule, "a schedule is `rate(…)`, `cron(…)` or `at(…)`", "write it like `rate(1 day)`"
        )

    def _check_cron(self, schedule: str, fields: list[str]) -> None:
        if len(fields) != len(_CRON_FIELDS):
            right = " ".join(_six(fields)) if len(fields) == 5 else "0 9 * * ? *"
            why = f"it has {len(fields)} fields, EventBridge wants {len(_CRON_FIELDS)}: {', '.join(_CRON_FIELDS)}"
            raise self._invalid(schedule, why, f"write `cron({right})`")
        if (fields[2] == "?") == (fields[4] == "?"):
            right = " ".join(_with_question_mark(fields))
            raise self._invalid(
                schedule, "one of day of month and day of week must be `?`", f"write `cron({right})`"
            )

    def _invalid(self, schedule: object, why: str, fix: str) -> Exception:
        what = (
            f"Cron `{self.id}` has no schedule"
            if schedule is None
            else f"Cron `{self.id}`: `{schedule}` is not a schedule"
        )
        return self.error(InvalidSchedule, what, why=why, fix=fix)

    def primary_path(self) -> str:
        """Return the path of the schedule's CloudFormation resource."""
        return f"{self.path}/Schedule/Resource"

    def attributes(self) -> dict[str, Any]:
        """Return the schedule and the job."""
        return {"schedule": self.schedule, "time_zone": self.time_zone or "UTC", "job": self.job.path}


def _six(fields: list[str]) -> list[str]:
    """Return Unix cron fields as EventBridge writes them."""
    return _with_question_mark([*fields[:5], "*"])


def _with_question_mark(fields: list[str]) -> list[str]:
    minutes, hours, day, month, weekday, year = fields
    if weekday in ("*", "?"):
        return [minutes, hours, "*" if day == "?" else day, month, "?", year]
    return [minutes, hours, "?", month, weekday, year]
