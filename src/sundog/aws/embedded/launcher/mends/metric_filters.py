"""Metric filters emit nothing; patterns in JSON let every line through, and words are looked for in any case.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .log_patterns import compiled
from .pipe_input import MISSING, at_path

MODULE = "ministack.services.cloudwatch_logs"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Read patterns as CloudWatch Logs does, and emit the metrics."""
    fan_out, put_filter, put_subscription = (
        module._fanout_to_subscription_filters,
        module._put_metric_filter,
        module._put_subscription_filter,
    )

    def fan_out_and_measure(group: str, stream: str, events: list[dict[str, Any]]) -> None:
        fan_out(group, stream, events)
        for (of_group, _name), one in list(module._metric_filters.items()):
            if of_group == group:
                _measure(one, [str(event.get("message", "")) for event in events])

    def checked(put: Any) -> Any:
        def put_checked(data: dict[str, Any]) -> Any:
            try:
                compiled(data.get("filterPattern") or "")
            except ValueError as error:
                reason = f"Invalid filter pattern: {error}"
                return module.error_response_json("InvalidParameterException", reason, 400)
            return put(data)

        return put_checked

    module._fanout_to_subscription_filters = fan_out_and_measure
    module._put_metric_filter, module._put_subscription_filter = (
        checked(put_filter),
        checked(put_subscription),
    )
    module._subscription_pattern_matches = _matches
    module._compile_filter_pattern = lambda pattern: lambda line: _matches(pattern, line)


def _matches(pattern: str | None, line: str | None) -> bool:
    return compiled(pattern or "")(line or "") is not None


def _measure(one: dict[str, Any], lines: list[str]) -> None:
    from ministack.services import cloudwatch

    match = compiled(one.get("filterPattern") or "")
    found = [said for said in map(match, lines) if said is not None]
    for transformation in one["metricTransformations"]:
        measured = [
            (value, _dimensions(transformation, said))
            for said in found
            if (value := _value(str(transformation["metricValue"]), said)) is not None
        ]
        default = transformation.get("defaultValue")
        if not found and default is not None:
            # There were lines, and none was meant.
            measured = [(float(default), {})]
        for value, dimensions in measured:
            cloudwatch.record_metric(
                transformation["metricNamespace"],
                transformation["metricName"],
                value,
                transformation.get("unit") or "None",
                dimensions,
            )


def _value(written: str, said: Mapping[str, Any]) -> float | None:
    try:
        return float(_field(written, said) if written.startswith("$") else written)
    except (TypeError, ValueError):
        return None  # CloudWatch takes no value that is no number either.


def _dimensions(transformation: dict[str, Any], said: Mapping[str, Any]) -> dict[str, str]:
    found = {name: _field(path, said) for name, path in (transformation.get("dimensions") or {}).items()}
    return {name: str(value) for name, value in found.items() if value is not MISSING}


def _field(name: str, said: Mapping[str, Any]) -> Any:
    return at_path(name, said) if name.startswith("$.") else said.get(name.removeprefix("$"), MISSING)
