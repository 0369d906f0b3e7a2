"""The second argument of a handler, as AWS's Python runtime makes it."""

from __future__ import annotations

import os
import sys
import time
from typing import Any


class CognitoIdentity:
    """Who called, through Amazon Cognito."""

    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __init__(self, identity: dict[str, Any] | None) -> None:
        given = identity or {}
        # Lambda sends camel case; callers of the Invoke API have been seen to send snake case.
        self.cognito_identity_id = given.get("cognitoIdentityId") or given.get("cognito_identity_id")
        self.cognito_identity_pool_id = given.get("cognitoIdentityPoolId") or given.get(
            "cognito_identity_pool_id"
        )

    def __repr__(self) -> str:
        return _shown(self, self.__slots__)


class Client:
    """The mobile application of a client context."""

    __slots__ = ["app_package_name", "app_title", "app_version_code", "app_version_name", "installation_id"]

    def __init__(self, client: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, client.get(name))

    def __repr__(self) -> str:
        return _shown(self, self.__slots__)


class ClientContext:
    """What a caller of the Invoke API sent beside the event."""

    __slots__ = ["client", "custom", "env"]

    def __init__(self, context: dict[str, Any]) -> None:
        client = context.get("client")
        self.custom = context.get("custom")
        self.env = context.get("env")
        self.client = Client(client) if isinstance(client, dict) else None

    def __repr__(self) -> str:
        return _shown(self, self.__slots__)


class LambdaContext:
    """Facts of one invocation."""

    def __init__(
        self,
        *,
        request_id: str,
        function_arn: str | None,
        deadline_ms: int,
        client_context: dict[str, Any] | None = None,
        identity: dict[str, Any] | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Take the facts from the headers of an invocation, the rest from the environment."""
        self.aws_request_id = request_id
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = function_arn
        self.tenant_id = tenant_id
        self.client_context = ClientContext(client_context) if isinstance(client_context, dict) else None
        self.identity = CognitoIdentity(identity)
        self._epoch_deadline_time_in_ms = deadline_ms
        # The remaining time is counted on a clock that nobody can move.
        self._deadline = time.monotonic() + deadline_ms / 1000 - time.time()

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the invocation times out."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log as it is, without a line end."""
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        names = (
            "aws_request_id",
            "log_group_name",
            "log_stream_name",
            "function_name",
            "memory_limit_in_mb",
            "function_version",
            "invoked_function_arn",
            "client_context",
            "identity",
            "tenant_id",
        )
        return _shown(self, names)


def _shown(value: object, names: Any) -> str:
    pairs = ",".join("%s=%s" % (name, getattr(value, name)) for name in names)
    return "%s([%s])" % (type(value).__name__, pairs)
