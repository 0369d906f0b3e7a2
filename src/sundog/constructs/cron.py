"""A function that runs on a schedule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
from constructs import Construct

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import FunctionDefinition, function_of
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._values import is_token
from sundog.errors import ConstructError
from sundog.model.manifest import Trigger

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_CRON_FIELDS = ("minutes", "hours", "day of month", "month", "day of week", "year")


class InvalidSchedule(ConstructError):
    """A schedule is neither `rate(…)` nor `cron(…)` as EventBridge understands them.

    `rate(1 day)`, `rate(5 minutes)`: one takes the singular, more the plural. `cron(0 9 ? * MON-FRI *)` has six
    fields, in UTC: minutes, hours, day of month, month, day of week, year; one of the two days must be `?`.
    """

    code = "SD-CRON-001"


class Cron(SundogConstruct):
    """A function that runs on a schedule.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the crons of the app.
        schedule: `rate(5 minutes)`, or `cron(0 9 * * ? *)` in UTC.
        job: The function: a handler, a `Function`, or settings.
        bind: Resources that the job uses.
        enabled: Whether it runs; False keeps the rule and pauses it.
        event: What the job is given instead of EventBridge's own event.
        function_defaults: Settings for the job when it is a handler.
        cdk: `{"rule": {…}}` lays properties over the CDK's rule, `{"target": {…}}` over its target;
            `{"rule": existing}` uses a rule as it is.

    Example:
        >>> Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", bind=[notes])
    """

    kind = "Cron"
    cdk_keys = ("rule", "target")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        job: FunctionDefinition,
        schedule: str | None = None,
        bind: Sequence[Any] | None = None,
        enabled: bool = True,
        event: Mapping[str, Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self.schedule = schedule
        self.job = function_of(self, "job", job, what="`job`", defaults=function_defaults, bind=bind or [])
        existing = self.cdk_import("rule", {"schedule": schedule, "enabled": None if enabled else enabled})
        self.cdk.rule = existing or self._create(schedule, enabled=enabled)
        own = {} if event is None else {"event": events.RuleTargetInput.from_object(dict(event))}
        self.cdk.target = targets.LambdaFunction(self.job.cdk.function, **{**own, **self.cdk_props("target")})
        self.cdk.rule.add_target(self.cdk.target)
        detail: dict[str, Any] = {"schedule": schedule or ""}
        if event is not None:
            detail["input"] = dict(event)
        self.job.triggers.append(Trigger(kind="cron", label=f"cron {id}", resource=self.path, detail=detail))
        self.registry.constructs.append(self)

    def _create(self, schedule: str | None, *, enabled: bool) -> events.Rule:
        props = self.cdk_props("rule")
        own: dict[str, Any] = {"enabled": enabled}
        if "schedule" not in props:
            own["schedule"] = events.Schedule.expression(self._checked(schedule))
        return events.Rule(self, "Rule", **{**own, **props})

    def _checked(self, schedule: str | None) -> str:
        if not isinstance(schedule, str):
            raise self._invalid(
                schedule, "a schedule is `rate(…)` or `cron(…)`", 'add `schedule="rate(1 day)"`'
            )
        if is_token(schedule):
            return schedule
        if rate := _RATE.fullmatch(schedule):
            number, unit, plural = int(rate[1]), rate[2], bool(rate[3])
            if number == 0 or (number == 1) == plural:
                right = f"rate({number or 1} {unit}{'s' if number > 1 else ''})"
                raise self._invalid(schedule, "one takes the singular, more the plural", f"write `{right}`")
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
            raise self._invalid(schedule, "a schedule is `rate(…)` or `cron(…)`", fix)
        raise self._invalid(schedule, "a schedule is `rate(…)` or `cron(…)`", "write it like `rate(1 day)`")

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
        """Return the path of the rule's CloudFormation resource."""
        return f"{self.path}/Rule/Resource"

    def attributes(self) -> dict[str, Any]:
        """Return the schedule and the job."""
        return {"schedule": self.schedule, "job": self.job.path}


def _six(fields: list[str]) -> list[str]:
    """Return Unix cron fields as EventBridge writes them."""
    return _with_question_mark([*fields[:5], "*"])


def _with_question_mark(fields: list[str]) -> list[str]:
    minutes, hours, day, month, weekday, year = fields
    if weekday in ("*", "?"):
        return [minutes, hours, "*" if day == "?" else day, month, "?", year]
    return [minutes, hours, "?", month, weekday, year]
