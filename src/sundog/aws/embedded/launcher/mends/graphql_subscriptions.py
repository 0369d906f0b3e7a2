"""A GraphQL API has no subscriptions: its real-time endpoint refuses every connection.

Clients of AppSync open a WebSocket, show who they are in its address or its subprotocol, start subscriptions on it and are
sent the answers of mutations: https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html

A client that is told an address other than AWS's own appends `/realtime` to it, as for a domain of one's own; so the
connection comes to `/v1/apis/<id>/graphql/realtime`, and to the host `<id>.appsync-realtime-api.…` of the API.

Filters that a resolver of the subscription sets (`extensions.setSubscriptionFilter`) are not applied.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from .graphql_delivery import NoSubscription, Subscription, answers_of, subscription_of, told

MODULE = "ministack.app"
VERSIONS = frozenset({"1.5.33"})

_PATH = re.compile(r"/v1/apis/([a-z0-9]+)/graphql(?:/realtime|/connect)?/?")
_HOST = re.compile(r"([a-z0-9]+)\.appsync-realtime-api\.")
_PROTOCOL = "graphql-ws"
_TIMEOUT_MS = 300_000
_KEEP_ALIVE_SECONDS = 60.0
_MOST_SUBSCRIPTIONS = 200
"""On one connection: https://docs.aws.amazon.com/general/latest/gr/appsync.html"""


@dataclass(eq=False)
class _Connection:
    """A client, and what it listens to."""

    api: str
    headers: dict[str, str]
    """With which it has shown who it is."""
    loop: asyncio.AbstractEventLoop
    outgoing: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def say(self, message: dict[str, Any]) -> None:
        """Send a message, from whatever thread."""
        self.loop.call_soon_threadsafe(self.outgoing.put_nowait, message)


_connections: set[_Connection] = set()
_watched: list[Any] = []


class _Refused(Exception):
    """Somebody may not do what they ask for."""

    def __init__(self, kind: str, message: str, code: int) -> None:
        super().__init__(message)
        self.said = {"errors": [{"errorType": kind, "message": message, "errorCode": code}]}


def mend(module: Any) -> None:
    """Answer at the real-time endpoints of GraphQL APIs."""
    original = module.app

    async def app(scope: Any, receive: Any, send: Any) -> None:
        api = _api_of(scope) if scope["type"] == "websocket" else None
        if api is None or not _is_there(api):
            await original(scope, receive, send)
        else:
            await _serve(api, scope, receive, send)

    module.app = app


def _api_of(scope: Any) -> str | None:
    headers = _headers(scope)
    found = _PATH.fullmatch(scope.get("path", "")) or _HOST.match(headers.get("host", ""))
    return found[1] if found else None


def _is_there(api: str) -> bool:
    service = _service()
    # Events APIs have the same hosts, and are the emulator's own.
    return bool(service._select_api_region(api)) and api in service._apis


def _service() -> Any:
    from ministack.services import appsync  # type: ignore[import-not-found, unused-ignore]

    if not _watched:
        _watched.append(appsync)
        _watch_mutations(appsync)
    return appsync


def _watch_mutations(service: Any) -> None:
    original = service._execute_with_schema

    def execute(
        api: str, definition: str, query: str, variables: Any, operation: str | None, *rest: Any, **named: Any
    ) -> Any:
        answer = original(api, definition, query, variables, operation, *rest, **named)
        listening = [one for one in list(_connections) if one.api == api and one.subscriptions]
        data = json.loads(answer[2]).get("data") if listening and answer[0] == 200 else None
        if data:
            _deliver(_schema(api), listening, list(answers_of(query, operation, data)))
        return answer

    service._execute_with_schema = execute


def _deliver(schema: Any, listening: list[_Connection], answers: list[tuple[str, dict[str, Any]]]) -> None:
    for mutation, answer in answers:
        for connection in listening:
            for name, subscription in list(connection.subscriptions.items()):
                if subscription.is_for(mutation, answer):
                    payload = told(schema, subscription, answer)
                    connection.say({"type": "data", "id": name, "payload": payload})


def _schema(api: str) -> Any:
    from ministack.core import appsync_graphql  # type: ignore[import-not-found, unused-ignore]

    definition = (_service()._schemas.get(api) or {}).get("definition") or ""
    try:
        return appsync_graphql.build_api_schema(api, definition)
    except appsync_graphql.SchemaUnavailable as error:
        raise NoSubscription(str(error)) from error


async def _serve(api: str, scope: Any, receive: Any, send: Any) -> None:
    await receive()
    offered = [one.strip() for one in _headers(scope).get("sec-websocket-protocol", "").split(",")]
    await send({"type": "websocket.accept", "subprotocol": _PROTOCOL if _PROTOCOL in offered else None})
    try:
        shown = _shown(scope, offered)
        await asyncio.to_thread(_admit, api, shown, "", None, None)
    except _Refused as refused:
        await send(_text({"type": "connection_error", "payload": refused.said}))
        await send({"type": "websocket.close", "code": 4401})
        return
    connection = _Connection(api, shown, asyncio.get_running_loop())
    _connections.add(connection)
    sending = asyncio.create_task(_send(connection, send))
    try:
        while (message := await receive())["type"] == "websocket.receive":
            await _take(connection, message.get("text") or "")
    finally:
        _connections.discard(connection)
        sending.cancel()


async def _send(connection: _Connection, send: Any) -> None:
    while True:
        try:
            async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
                message = await connection.outgoing.get()
        except TimeoutError:
            message = {"type": "ka"}
        await send(_text(message))


async def _take(connection: _Connection, text: str) -> None:
    try:
        message = json.loads(text)
        kind, name = message.get("type"), message.get("id")
    except (ValueError, AttributeError):
        kind, name, message = None, None, {}
    if kind == "connection_init":
        connection.say({"type": "connection_ack", "payload": {"connectionTimeoutMs": _TIMEOUT_MS}})
        connection.say({"type": "ka"})
    elif kind == "start" and isinstance(name, str):
        try:
            subscription = await asyncio.to_thread(_started, connection, message.get("payload") or {})
        except _Refused as refused:
            connection.say({"type": "error", "id": name, "payload": refused.said})
            return
        connection.subscriptions[name] = subscription
        connection.say({"type": "start_ack", "id": name})
    elif kind == "stop":
        connection.subscriptions.pop(name, None)
        connection.say({"type": "complete", "id": name})
    else:
        unknown = _Refused("UnsupportedOperation", f"unknown operation {kind}", 400)
        connection.say({"type": "error", "id": name, "payload": unknown.said})


def _started(connection: _Connection, payload: dict[str, Any]) -> Subscription:
    if len(connection.subscriptions) >= _MOST_SUBSCRIPTIONS:
        raise _Refused(
            "MaxSubscriptionsReachedError", "there are too many subscriptions on this connection", 400
        )
    try:
        asked = json.loads(payload.get("data") or "")
        query, variables = str(asked["query"]), asked.get("variables") or {}
    except (ValueError, KeyError, TypeError):
        raise _Refused("BadRequestException", "`data` must be a request in JSON", 400) from None
    operation = asked.get("operationName")
    authorization = (payload.get("extensions") or {}).get("authorization") or {}
    # What the message says goes before what the connection said.
    headers = {**connection.headers, **_lower(authorization)}
    identity = _admit(connection.api, headers, query, variables, operation)
    try:
        subscription = subscription_of(_schema(connection.api), query, variables, operation)
    except NoSubscription as error:
        raise _Refused("BadRequestException", str(error), 400) from error
    _resolve(connection.api, subscription, headers, identity)
    return subscription


def _resolve(api: str, subscription: Subscription, headers: dict[str, str], identity: Any) -> None:
    """Run the subscription's own resolver, if it has one: what it raises refuses the subscription."""
    service = _service()
    resolver = (service._resolvers.get(api) or {}).get("Subscription", {}).get(subscription.field)
    if resolver is None:
        return
    try:
        service._resolve_field(
            api,
            resolver,
            subscription.arguments,
            [],
            subscription.variables,
            field_name=subscription.field,
            identity=identity,
            request_headers=headers,
            source={},
            appended_errors=[],
            type_name="Subscription",
        )
    except service._AppSyncResolverError as error:
        raise _Refused(str(error.error_type or "Unauthorized"), str(error), 401) from error


def _admit(api: str, headers: dict[str, str], query: str, variables: Any, operation: str | None) -> Any:
    """Return who somebody is, as resolvers are told.

    Raises:
        _Refused: The API takes nobody who shows that.
    """
    service = _service()
    service._select_api_region(api)
    settings = service._apis.get(api) or {}
    if not service._request_is_authenticated(api, settings, headers):
        raise _Refused("UnauthorizedException", "You are not authorized to make this call.", 401)
    if settings.get("lambdaAuthorizerConfig"):
        try:
            return service._invoke_lambda_authorizer(
                api,
                settings["lambdaAuthorizerConfig"],
                headers,
                query=query,
                variables=variables,
                operation_name=operation,
            )
        except service._AuthorizerRejected as error:
            raise _Refused(
                "UnauthorizedException", "You are not authorized to make this call.", 401
            ) from error
    return service._cognito_identity(settings, headers) if settings.get("userPoolConfig") else None


def _shown(scope: Any, offered: list[str]) -> dict[str, str]:
    """Return the headers that stand in the address, or in a subprotocol: browsers can send no others."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    inline = [one.removeprefix("header-") for one in offered if one.startswith("header-")]
    for encoded in (*query.get("header", []), *inline):
        # Either alphabet; a plus sign that was not escaped in the address reads as a space.
        text = encoded.translate(str.maketrans(" -_", "++/"))
        try:
            return _lower(json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True)))
        except (ValueError, AttributeError):
            raise _Refused(
                "BadRequestException", "`header` must be headers in JSON, as base64", 400
            ) from None
    return {}


def _headers(scope: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _lower(headers: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


def _text(message: dict[str, Any]) -> dict[str, Any]:
    return {"type": "websocket.send", "text": json.dumps(message)}
