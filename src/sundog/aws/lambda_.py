"""Lambda: what a function became, and invoking it."""

from __future__ import annotations

import base64

import anyio.to_thread
import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.model.functions import InvocationResult


class FunctionConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """A function as Lambda has it."""

    name: str
    arn: str
    role_arn: str
    environment: dict[str, str]
    log_group: str
    log_format: str = "Text"
    """Or `JSON`."""
    log_level: str = ""
    code_sha256: str


async def function_configuration(connection: AwsConnection, name: str) -> FunctionConfiguration:
    """Return the configuration of a function by name or ARN.

    Raises:
        AwsError: There is no such function, or Lambda failed.
    """
    found = await connection.call("lambda", "get_function_configuration", FunctionName=name)
    log = found.get("LoggingConfig", {})
    return FunctionConfiguration(
        name=found["FunctionName"],
        arn=found["FunctionArn"],
        role_arn=found.get("Role", ""),
        environment=dict(found.get("Environment", {}).get("Variables", {})),
        log_group=log.get("LogGroup") or f"/aws/lambda/{found['FunctionName']}",
        log_format=log.get("LogFormat", "Text"),
        log_level=log.get("ApplicationLogLevel", ""),
        code_sha256=found.get("CodeSha256", ""),
    )


async def invoke(
    connection: AwsConnection,
    name: str,
    payload: bytes,
    *,
    asynchronous: bool = False,
    client_context: str | None = None,
) -> InvocationResult:
    """Invoke a function.

    Args:
        connection: The way to the stage.
        name: Physical name or ARN.
        payload: The event as JSON.
        asynchronous: Queue the event and do not wait for the answer, which is then empty.
        client_context: JSON text that the handler sees as `context.client_context`.

    Raises:
        AwsError: Lambda could not be reached or refused; an error of the handler is in the result.
    """
    context = {"ClientContext": base64.b64encode(client_context.encode()).decode()} if client_context else {}

    def read(parameters: dict[str, object]) -> InvocationResult:
        response = connection.call_now("lambda", "invoke", parameters)
        return InvocationResult(
            payload=response["Payload"].read(),
            function_error=response.get("FunctionError"),
            log_tail=base64.b64decode(response.get("LogResult", "")),
        )

    how = {"InvocationType": "Event"} if asynchronous else {"LogType": "Tail"}
    parameters: dict[str, object] = {"FunctionName": name, "Payload": payload, **how, **context}
    return await anyio.to_thread.run_sync(read, parameters, abandon_on_cancel=True)
