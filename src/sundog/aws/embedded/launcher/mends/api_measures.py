"""What can be measured of a request to an API, whatever kind of API it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, TypeAlias

from .alarm_evaluation import look_soon
from .metric_points import Metric, count, milliseconds

Dimensions: TypeAlias = tuple[tuple[str, str], ...]

_NAMESPACE = "AWS/ApiGateway"
_BODY = 3
"""Of the arguments after the stage."""

_integrated: ContextVar[list[float]] = ContextVar("integrated")
"""How many seconds the integration of the request that is being served took, if one was called."""


def measure_requests(
    module: Any,
    dimensions_of: Callable[[str, str], Iterable[Dimensions]],
    *,
    client_errors: str,
    server_errors: str,
    data: str | None = None,
) -> None:
    """Publish metrics of each request.

    Args:
        module: The service; its `_handle_execute_in_scope` serves a request in the account and region of the API.
        dimensions_of: Returns for which dimensions of an API and a stage metrics are published.
        client_errors: Name of the metric of answers from 400 to 499.
        server_errors: Name of the metric of answers from 500.
        data: Name of the metric of the bytes of requests and answers, if there is one.
    """
    execute = module._handle_execute_in_scope

    def publish(api_id: str, stage: str, status: int, values: dict[tuple[str, str], float]) -> None:
        values = {
            ("Count", "Count"): 1,
            (client_errors, "Count"): 400 <= status < 500,
            (server_errors, "Count"): status >= 500,
            **values,
        }
        for dimensions in dimensions_of(api_id, stage):
            for (name, unit), value in values.items():
                count(Metric(_NAMESPACE, name, unit, dimensions), value)
        look_soon()

    async def measured(api_id: str, stage: str, *rest: Any, **named: Any) -> Any:
        began = time.perf_counter()
        integrated: list[float] = []
        token = _integrated.set(integrated)
        # What is raised is answered with this status.
        status, size = 500, len(rest[_BODY] or b"")
        try:
            response = await execute(api_id, stage, *rest, **named)
            status, size = int(response[0]), size + len(response[2] or b"")
            return response
        finally:
            _integrated.reset(token)
            took = {"Latency": time.perf_counter() - began}
            if integrated:
                took["IntegrationLatency"] = integrated[-1]
            values = {(name, "Milliseconds"): milliseconds(seconds) for name, seconds in took.items()}
            publish(api_id, stage, status, {**values, **({(data, "Bytes"): size} if data else {})})

    module._handle_execute_in_scope = measured


def measure_integrations(module: Any, names: Iterable[str]) -> None:
    """Note how long functions of a module take that call integrations."""
    for name in names:
        setattr(module, name, _timed(getattr(module, name)))


def _timed(call: Callable[..., Any]) -> Callable[..., Any]:
    async def timed(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return await call(*arguments, **named)
        finally:
            # The last is the outermost: one may call another.
            _integrated.get([]).append(time.perf_counter() - began)

    return timed
