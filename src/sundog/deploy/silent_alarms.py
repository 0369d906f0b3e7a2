"""Alarms on metrics that the stage's cloud never publishes: they deploy, and then nothing happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sundog.aws.embedded.interface import Capabilities
from sundog.deploy.report import Report
from sundog.errors import Location

ALARM = "AWS::CloudWatch::Alarm"


def tell_silent_alarm(
    path: str,
    where: Location | None,
    properties: dict[str, Any],
    report: Report,
    capabilities: Capabilities,
) -> None:
    """Warn of an alarm that cannot go off by itself.

    It is not refused: an alarm is for what goes wrong, and the app works without it.

    Args:
        path: What the user calls the alarm.
        where: The line that declares it.
        properties: Of the alarm, in its template.
        report: Told.
        capabilities: What the cloud of the stage publishes.
    """
    at = "" if where is None else f" ({where.file}:{where.line})"
    for namespace, name, dimensions in _metrics(properties):
        if not capabilities.may_publish(namespace, name, dimensions):
            by = " and ".join(f"`{dimension}`" for dimension in sorted(dimensions)) or "no dimension"
            report.notice(
                "warning",
                f"`{path}` watches `{name}` of `{namespace}` by {by}, which the {capabilities.name} does not publish, "
                f"so it never goes off{at}",
                fix="have it go off by hand: `aws cloudwatch set-alarm-state`",
            )


def _metrics(alarm: dict[str, Any]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Return namespaces, names and dimensions of the metrics that an alarm watches, where they can be read."""
    stats = [query.get("MetricStat", {}).get("Metric", {}) for query in alarm.get("Metrics", ())]
    for metric in (alarm, *stats):
        named = [dimension.get("Name") for dimension in metric.get("Dimensions", ())]
        read = [metric.get("Namespace"), metric.get("MetricName"), *named]
        # What a function of CloudFormation says is known only when it is deployed.
        if all(isinstance(one, str) for one in read):
            yield read[0], read[1], frozenset(named)
