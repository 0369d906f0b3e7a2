"""A CloudWatch alarm that calls functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_iam as iam
import aws_cdk.aws_sns as sns
from constructs import Construct

from sundog.constructs._function_props import FunctionProps
from sundog.constructs._registry import listed
from sundog.constructs._resource import ResourceConstruct, ResourceValue
from sundog.constructs._targets import SendsToFunctions, TargetReader
from sundog.constructs._values import is_token, seconds
from sundog.constructs.topic import Topic
from sundog.errors import ConstructError, SundogError, suggestion
from sundog.model.manifest import Trigger

_COMPARISONS = {
    ">": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    ">=": cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    "<": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    "<=": cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
}
_MISSING = {name.lower(): value for name, value in cloudwatch.TreatMissingData.__members__.items()}
_UNITS = {name.lower(): value for name, value in cloudwatch.Unit.__members__.items()}
_METRIC_KEYS = ("namespace", "name", "dimensions", "statistic", "period", "unit")


class InvalidAlarm(ConstructError):
    """An alarm has no metric that it could watch, or a setting that CloudWatch does not have.

    A metric is an object of the CDK, such as `queue.cdk.queue.metric_approximate_age_of_oldest_message()`, or a dictionary
    with `namespace` and `name`: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html.
    """

    code = "SD-ALARM-001"


class Alarm(SendsToFunctions, ResourceConstruct[cloudwatch.IAlarm]):
    """A CloudWatch alarm: watches a metric, and calls functions or tells topics when its state changes.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the alarms of the app.
        metric: A metric of the CDK, or a dictionary with `namespace`, `name` and if wanted `dimensions`, `statistic`
            (`"Average"` when not given), `period` (5 minutes) and `unit`.
        threshold: What the metric is compared with.
        comparison: `">="`, `">"`, `"<"` or `"<="`.
        on_alarm: What is called when it begins to hold: a handler, a `Function`, settings of one, or a `Topic`.
        on_ok: What is called when it no longer holds.
        on_no_data: What is called when there are too few data to tell.
        periods: Over how many periods of the metric it must hold.
        datapoints: In how many of them, if not in all.
        missing: What a period without data counts as: `"missing"`, `"not_breaching"`, `"breaching"` or `"ignore"`.
        description: Shown in the AWS console, and part of the event.
        bind: Resources that the functions made here use.
        function_defaults: Settings for the functions made here.
        cdk: `{"alarm": {…}}` lays properties over the CDK's alarm; `{"alarm": existing}` uses one as it is.

    Example:
        >>> Alarm(stack, "stuck", threshold=300, on_alarm="functions/ops.stuck",
        ...     metric=jobs.cdk.queue.metric_approximate_age_of_oldest_message())
    """

    kind = "Alarm"
    cdk_keys = ("alarm",)
    resource_key, resource_child = "alarm", "Alarm"
    alarm_name = ResourceValue("Name of the alarm, known to CloudFormation.")
    alarm_arn = ResourceValue("ARN of the alarm, known to CloudFormation.")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        metric: cloudwatch.IMetric | Mapping[str, Any] | None = None,
        threshold: float | None = None,
        comparison: str = ">=",
        on_alarm: Any | None = None,
        on_ok: Any | None = None,
        on_no_data: Any | None = None,
        periods: int = 1,
        datapoints: int | None = None,
        missing: str = "missing",
        description: str | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, bind=bind, function_defaults=function_defaults, cdk=cdk)
        self._compared = f"{comparison} {threshold}"
        configured = {
            "metric": metric,
            "threshold": threshold,
            "comparison": None if comparison == ">=" else comparison,
            "periods": None if periods == 1 else periods,
            "datapoints": datapoints,
            "missing": None if missing == "missing" else missing,
            "description": description,
        }
        self.take_or_make(
            configured,
            lambda: self._create(
                metric=self._metric(metric),
                threshold=self._threshold(threshold),
                comparison_operator=self._one_of("comparison", comparison, _COMPARISONS),
                treat_missing_data=self._one_of("missing", missing, _MISSING),
                evaluation_periods=periods,
                datapoints_to_alarm=self._datapoints(datapoints, periods),
                alarm_description=description,
            ),
        )
        reader = self.reader("actions", noun="action", others={"topic": Topic})
        for name, definition in (("on_alarm", on_alarm), ("on_ok", on_ok), ("on_no_data", on_no_data)):
            if definition is not None:
                self._call(reader, name, definition)
        self.registry.constructs.append(self)

    def _create(self, **own: Any) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(self, "Alarm", **{**own, **self.cdk_props("alarm")})

    def _call(self, reader: TargetReader, name: str, definition: Any) -> None:
        (target,) = reader.read({name: definition})
        if target.function is None:
            action: cloudwatch.IAlarmAction = actions.SnsAction(target.construct.cdk.topic)
            self._allow_to_publish(target.construct.cdk.topic)
        else:
            action = actions.LambdaAction(target.function.cdk.function, use_unique_permission_id=True)
            self.functions[name] = target.function
            target.function.triggers.append(
                Trigger(
                    kind="alarm",
                    label=f"alarm {self.id}",
                    resource=self.path,
                    detail={"state": name.removeprefix("on_"), "threshold": self._compared},
                )
            )
        add = {
            "on_alarm": self.cdk.alarm.add_alarm_action,
            "on_ok": self.cdk.alarm.add_ok_action,
            "on_no_data": self.cdk.alarm.add_insufficient_data_action,
        }
        add[name](action)

    def _allow_to_publish(self, topic: sns.ITopic) -> None:
        """Let the alarms of the account publish: the policy of a topic takes the place of the one that lets them.

        Not this alarm alone: the topic may be in a stack below this one, which the policy would then refer back to.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
        """
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.stack.account}},
            )
        )

    def _metric(self, given: Any) -> cloudwatch.IMetric:
        if given is not None and not isinstance(given, Mapping):
            metric: cloudwatch.IMetric = given
            return metric
        if not given or "namespace" not in given or "name" not in given:
            raise self._invalid(
                f"Alarm `{self.id}` has no metric"
                if not given
                else f"the metric of Alarm `{self.id}` has no name",
                "a metric is one of the CDK, or a dictionary with `namespace` and `name`",
                'write `metric={"namespace": "Shop", "name": "FailedOrders"}`',
            )
        for key in given:
            if key not in _METRIC_KEYS:
                close = suggestion(str(key), _METRIC_KEYS)
                raise self._invalid(
                    f"the metric of Alarm `{self.id}` has no setting `{key}`",
                    f"the settings are {listed(_METRIC_KEYS)}",
                    f"write `{close}`" if close else f"remove `{key}`",
                )
        period = seconds(given.get("period", 300))
        if period is None:
            raise self._invalid(
                f"the metric of Alarm `{self.id}`: `period` is `{given['period']}`",
                "a period is a duration: 10 or 30 seconds, or minutes",
                'write `"period": "5 minutes"`',
            )
        return cloudwatch.Metric(
            namespace=given["namespace"],
            metric_name=given["name"],
            dimensions_map=dict(given.get("dimensions", {})),
            statistic=given.get("statistic", "Average"),
            period=aws_cdk.Duration.seconds(period),
            unit=None if "unit" not in given else self._one_of("unit", given["unit"], _UNITS),
        )

    def _threshold(self, given: Any) -> float:
        if isinstance(given, (int, float)) and not isinstance(given, bool):
            return given
        raise self._invalid(
            f"Alarm `{self.id}` has no threshold"
            if given is None
            else f"Alarm `{self.id}`: `threshold` is `{given}`",
            "the metric is compared with a number",
            "add `threshold=1`",
        )

    def _datapoints(self, datapoints: int | None, periods: int) -> int | None:
        if datapoints is not None and not is_token(datapoints) and not 1 <= datapoints <= periods:
            raise self._invalid(
                f"Alarm `{self.id}`: `datapoints` is `{datapoints}`",
                f"it watches {periods} periods",
                f"set `datapoints` to at most {periods}, or `periods` to more",
            )
        return datapoints

    def _one_of(self, name: str, given: str, known: Mapping[str, Any]) -> Any:
        if given not in known:
            close = suggestion(str(given).lower(), known)
            raise self._invalid(
                f"Alarm `{self.id}`: `{name}` is `{given}`",
                f"it is one of {listed(known)}",
                f'write `{name}="{close or next(iter(known))}"`',
            )
        return known[given]

    def _invalid(self, what: str, why: str, fix: str) -> SundogError:
        return self.error(InvalidAlarm, what, why=why, fix=fix)

    def attributes(self) -> dict[str, Any]:
        """Return what it watches for, and whom it calls."""
        return {
            "threshold": self._compared,
            "functions": {name: function.path for name, function in self.functions.items()},
        }
