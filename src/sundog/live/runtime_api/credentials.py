"""The container credentials endpoint: how a worker's AWS SDK gets its own role's credentials.

SDKs refresh from it by themselves before the credentials expire, which variables in the environment cannot do.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sundog.errors import SundogError
from sundog.live.http import Request, Response
from sundog.live.runtime_api.machine import JSON
from sundog.model.functions import Credentials

CREDENTIALS_PATH = "/sundog/credentials"


class CredentialsEndpoint:
    """Serves one function's credentials to who knows the token."""

    def __init__(self, fetch: Callable[[], Awaitable[Credentials]]) -> None:
        """Take what returns credentials that are good for a while."""
        self._fetch = fetch
        self._token = secrets.token_urlsafe(32)

    def variables(self, address: str) -> dict[str, str]:
        """Return the variables that lead an SDK here."""
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{address}{CREDENTIALS_PATH}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token,
        }

    async def answer(self, request: Request) -> Response:
        """Answer an SDK."""
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return Response(status=401, body=b'{"code":"Unauthorized","message":"wrong token"}', headers=JSON)
        try:
            credentials = await self._fetch()
        except SundogError as error:
            body = json.dumps({"code": error.code, "message": error.what}).encode()
            return Response(status=500, body=body, headers=JSON)
        expiration = datetime.fromtimestamp(credentials.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "Token": credentials.session_token,
            "Expiration": expiration,
        }
        return Response(status=200, body=json.dumps(document).encode(), headers=JSON)
