"""Calls to the launcher's control endpoints."""

from __future__ import annotations

import http.client
import json
from typing import Any

from sundog.aws.embedded.errors import CloudStopped
from sundog.aws.embedded.launcher.guard import CONTROL_PREFIX, CONTROL_TOKEN_HEADER

_SECONDS = 60.0


def call_launcher(port: int, control_token: str, action: str, content: Any = None) -> Any:
    """Ask the launcher on a port to do something, and return what it answers.

    Raises:
        CloudStopped: It does not answer, or could not do it.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        headers = {CONTROL_TOKEN_HEADER: control_token, "Content-Type": "application/json"}
        connection.request("POST", f"{CONTROL_PREFIX}{action}", json.dumps(content), headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise CloudStopped(
            "the embedded cloud does not answer",
            where=f"{action} on port {port}",
            why=str(error) or type(error).__name__,
            fix="start it again: `sundog dev`",
        ) from error
    finally:
        connection.close()
    if response.status != 200:
        raise CloudStopped(
            f"the embedded cloud could not `{action}`",
            where=f"port {port}",
            why=_reason(body),
            fix="look into its log, `.sundog/local/cloud/log`",
        )
    return json.loads(body)


def _reason(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text.strip()
