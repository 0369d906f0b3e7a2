"""A function as it is deployed: the manifest's facts joined with what CloudFormation made of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from sundog.model.manifest import FunctionEntry


class DeployedFunction(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution environment needs to know."""

    entry: FunctionEntry
    physical_name: str
    arn: str
    role_arn: str
    environment: dict[str, str]
    """The function's own variables, tokens resolved."""
    log_group: str
    log_format: str = ""
    """`Text` or `JSON`; nothing where the cloud does not say."""
    log_level: str = ""
    """The least that its log keeps, in JSON."""
    version: str = "$LATEST"
    reserved_concurrency: int | None = None
    """Invocations that may run at the same time before callers are throttled; None for no limit of its own."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Temporary credentials of a function's role."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: float
    """Wall clock, seconds since the epoch."""


CredentialsSource: TypeAlias = Callable[[DeployedFunction], Awaitable[Credentials]]
"""Returns fresh credentials of a function's role; called again before they expire."""


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to a handler, as every transport delivers it."""

    function_arn: str
    """As invoked: with the alias or version when the caller named one."""
    physical_name: str
    request_id: str
    payload: bytes
    deadline: float
    """Wall clock, seconds since the epoch."""
    trace_id: str | None = None
    client_context: str | None = None
    """JSON text."""
    cognito_identity: str | None = None
    """JSON text."""


class InvocationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the transport gives back to the caller."""

    payload: bytes
    function_error: str | None = None
    """`Unhandled` or `Handled` as in Lambda's `X-Amz-Function-Error`; None for success."""
    log_tail: bytes = b""
    """The invocation's log in CloudWatch's form, START to REPORT."""
    throttled: bool = False
    streamed: bool = False
    """Whether the payload is an HTTP response that the handler streamed, put together again."""
