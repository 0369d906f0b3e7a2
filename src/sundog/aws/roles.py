"""Acting as the roles that `cdk bootstrap` made: each is assumed once and kept while it is valid."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import AccessDenied
from sundog.aws.sts import RENEW_BEFORE_SECONDS, role_credentials


class Roles:
    """Connections that act as roles."""

    def __init__(self, connection: AwsConnection, *, clock: Callable[[], float] = time.time) -> None:
        self._connection = connection
        self._clock = clock
        self._lock = anyio.Lock()
        self._known: dict[str, tuple[float, AwsConnection]] = {}

    async def acting_as(self, role_arn: str | None) -> AwsConnection:
        """Return a connection that acts as a role, or the user's own where that is not possible.

        The CDK's CLI does the same: an administrator whom the role does not trust can still deploy.
        """
        if role_arn is None or not self._connection.uses_bootstrap:
            return self._connection
        async with self._lock:
            until, connection = self._known.get(role_arn, (0.0, self._connection))
            if until - RENEW_BEFORE_SECONDS > self._clock():
                return connection
            try:
                credentials = await role_credentials(self._connection, role_arn, "sundog")
            except AccessDenied:
                until, connection = float("inf"), self._connection
            else:
                until, connection = credentials.expires_at, self._connection.with_credentials(credentials)
            self._known[role_arn] = (until, connection)
            return connection
