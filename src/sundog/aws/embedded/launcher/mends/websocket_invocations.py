"""A WebSocket API invokes functions in a way of its own, and answers differently from AWS.

- It runs a function itself instead of through the one place where invocations go to the session.
- It sends the client whatever a function returns. In AWS only a route with a route response does:
  https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
- It sends the client the error of a function that failed. AWS says `Internal server error`, the connection and the
  request.
- It gives `$connect` and `$disconnect` to `$default` when they have no route. In AWS `$default` is for messages:
  https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-develop-routes.html
- A function that refuses a connection with 401 makes it 403.
- It drops the subprotocol that the function of `$connect` answers with, without which browsers give up a connection:
  https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-connect-route-subprotocol.html
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

MODULE = "ministack.services.apigateway"
VERSIONS = frozenset({"1.5.33"})

_OF_CONNECTIONS = frozenset({"$connect", "$disconnect"})
_FAILED = "the function failed"
_refused: ContextVar[tuple[int, str, str] | None] = ContextVar("refused", default=None)
"""Status, connection and request of a handshake that the `$connect` function refused."""
_subprotocol: ContextVar[str | None] = ContextVar("subprotocol", default=None)
"""Of the connection that is being made, as the `$connect` function answered."""


def mend(module: Any) -> None:
    """Do as AWS does."""
    _mend_routes(module)
    _mend_answers(module)
    _mend_handshake(module)
    _mend_workers()


def _mend_routes(module: Any) -> None:
    match = module._match_ws_route

    def match_exactly(api_id: str, route_key: str) -> dict[str, Any] | None:
        route: dict[str, Any] | None = match(api_id, route_key)
        if route is not None and route_key in _OF_CONNECTIONS and route.get("routeKey") != route_key:
            return None
        return route

    module._match_ws_route = match_exactly


def _mend_answers(module: Any) -> None:
    original = module._invoke_ws_lambda

    async def invoke(
        api_id: str,
        account_id: str,
        region: str,
        route: dict[str, Any],
        stage: str,
        connection_id: str,
        event_type: str,
        message_id: str,
        *rest: Any,
        **named: Any,
    ) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await original(
            api_id, account_id, region, route, stage, connection_id, event_type, message_id, *rest, **named
        )
        failed = answer is not None and answer.get("body") == _FAILED
        if event_type == "CONNECT" and answer is not None:
            status = 502 if failed else int(answer.get("statusCode", 200))
            _refused.set((status, connection_id, message_id))
            headers = {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
            _subprotocol.set(headers.get("sec-websocket-protocol"))
        if event_type == "MESSAGE" and failed:
            said = {
                "message": "Internal server error",
                "connectionId": connection_id,
                "requestId": message_id,
            }
            return {"statusCode": 500, "body": json.dumps(said)}
        if event_type == "MESSAGE" and not route.get("routeResponseSelectionExpression"):
            return None
        return answer

    module._invoke_ws_lambda = invoke


def _mend_handshake(module: Any) -> None:
    original = module.handle_websocket

    async def handle(scope: Any, receive: Any, send: Any, *rest: Any, **named: Any) -> None:
        accepted = False

        async def say(message: dict[str, Any]) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            refused = _refused.get()
            if message["type"] == "websocket.close" and not accepted and refused is not None:
                status, connection_id, request_id = refused
                reason = "Internal server error" if status >= 500 else "Forbidden"
                await module._refuse_ws_handshake(scope, send, status, reason, connection_id, request_id)
            elif message["type"] == "websocket.accept" and _subprotocol.get() is not None:
                await send({**message, "subprotocol": _subprotocol.get()})
            else:
                await send(message)

        await original(scope, receive, say, *rest, **named)

    module.handle_websocket = handle


class _Worker:
    """Stands where the emulator's own worker would, and hands the event to the place where all others go."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    def invoke(self, event: dict[str, Any], request_id: str) -> dict[str, Any]:
        from ministack.services import lambda_svc  # type: ignore[import-not-found, unused-ignore]

        del request_id
        function, config, _ = lambda_svc._get_func_record_for_ref(self._config["FunctionArn"])
        record = lambda_svc._execution_record_for_config(function, config or self._config)
        result = lambda_svc._execute_function_with_config_scope(record, event)
        if result.get("error") and not result.get("throttle"):
            return {"status": "error", "error": _FAILED}
        shaped, _ = lambda_svc.lambda_execute_result_to_api_proxy_response(result)
        return {"status": "ok", "result": shaped}


def _mend_workers() -> None:
    from ministack.core import lambda_runtime  # type: ignore[import-not-found, unused-ignore]

    def worker(name: str, config: dict[str, Any], *rest: Any, **named: Any) -> _Worker:
        del name, rest, named
        return _Worker(config)

    # Only the WebSocket code asks for workers here.
    lambda_runtime.get_or_create_worker = worker
