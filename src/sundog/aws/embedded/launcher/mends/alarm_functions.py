"""An alarm whose action is a function changes its state and calls nobody; only topics are told.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from __future__ import annotations

import time
from typing import Any

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
    stat = {
        "metric": {
            "namespace": alarm.get("Namespace", ""),
            "name": alarm.get("MetricName", ""),
            "dimensions": {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or ()},
        },
        "period": alarm.get("Period", 60),
        "stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average"),
    }
    if alarm.get("Unit"):
        stat["unit"] = alarm["Unit"]
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
                "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}],
            },
        },
    }
