"""Functions publish metrics of direct calls only, and of asynchronous ones before they have run, as if they had succeeded.

An alarm on the errors of a function that a queue, an API, a rule or a stream calls never went off.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import time
from typing import Any

from .alarm_evaluation import look_soon
from .metric_points import Metric, count, milliseconds

MODULE = "ministack.services.lambda_svc"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Publish where all invocations pass, and nowhere else."""
    execute = module._execute_function

    def execute_and_count(func: dict[str, Any], event: Any) -> Any:
        config = func.get("config") or func
        if module._function_config_scope_mismatch(config):
            # It comes here again, in the account and region of the function.
            return execute(func, event)
        began = time.perf_counter()
        result = execute(func, event)
        _publish(config.get("FunctionName", ""), result, time.perf_counter() - began)
        return result

    def emit_nothing(*_: Any, **__: Any) -> None:
        """Take the place of what publishes too little."""

    module._execute_function = execute_and_count
    module._emit_lambda_metrics = emit_nothing


def _publish(function: str, result: dict[str, Any], seconds: float) -> None:
    throttled = bool(result.get("throttle"))
    values = {("Throttles", "Count"): float(throttled)}
    if not throttled:
        # What is throttled does not count as an invocation.
        values["Invocations", "Count"] = 1
        values["Errors", "Count"] = float(bool(result.get("error")))
        values["Duration", "Milliseconds"] = milliseconds(seconds)
    for (name, unit), value in values.items():
        count(Metric("AWS/Lambda", name, unit, (("FunctionName", function),)), value)
    look_soon()
