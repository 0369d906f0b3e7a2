"""An alarm whose action is a function changes its state and calls nobody; only topics are told.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from __future__ import annotations

import time
from typing import Any

from .alarm_state import queries_of

MODULE = "ministack.services.cloudwatch"
VERSIONS = frozenset({"1.5.33"})

_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def mend(module: Any) -> None:
    """Call the functions too."""
    original = module._dispatch_alarm_actions

    def dispatch(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        original(alarm, old_state, new_state, reason)
        if not alarm.get("ActionsEnabled", True):
            return
        for action in alarm.get(_ACTIONS.get(new_state, "")) or ():
            if str(action).startswith("arn:aws:lambda:"):
                _call(module, action, _event(module, alarm, old_state, new_state, reason))

    module._dispatch_alarm_actions = dispatch


def _call(module: Any, arn: str, event: dict[str, Any]) -> None:
    from ministack.services import lambda_svc

    record, config, _name = lambda_svc._get_func_record_for_ref(arn)
    if record is None:
        module.logger.warning("alarm actions: there is no function %s", arn)
        return
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), event)


def _event(module: Any, alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> dict[str, Any]:
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000+0000"
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": module.get_account_id(),
        "time": now,
        "region": module.get_region(),
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": {"value": new_state, "reason": reason, "timestamp": now},
            "previousState": {"value": old_state},
            "configuration": {
                "description": alarm.get("AlarmDescription", ""),
                "metrics": [_metric(query) for query in queries_of(alarm)],
            },
        },
    }


def _metric(query: dict[str, Any]) -> dict[str, Any]:
    """Return a metric or an expression of an alarm as its event names it."""
    named = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if query.get("Expression"):
        return {**named, "expression": query["Expression"], "label": query.get("Label") or ""}
    given = query["MetricStat"]
    metric = given["Metric"]
    stat = {
        "metric": {
            "namespace": metric.get("Namespace", ""),
            "name": metric.get("MetricName", ""),
            "dimensions": {one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()},
        },
        "period": int(given.get("Period") or 60),
        "stat": given.get("Stat") or "Average",
    }
    if given.get("Unit"):
        stat["unit"] = given["Unit"]
    return {**named, "metricStat": stat}
