"""Asynchronous invocations: `OnSuccess` destinations and buckets get nothing, dead-letter queues a destination's record.

A dead-letter queue gets the event itself, with the error in message attributes. Both may be set; then both get theirs.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import contextvars
import json
import threading
import time
from typing import Any

from .queue_messages import send_message

MODULE = "ministack.services.lambda_svc"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Replace the retry loop by one that does both."""

    def invoke(func: dict[str, Any], event: Any) -> None:
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_deliver, module, func, event), daemon=True).start()

    module.invoke_async_with_retry = invoke


def _deliver(module: Any, func: dict[str, Any], event: Any) -> None:
    config = func.get("config") or func
    account, region = module._account_region_from_function_config(config)
    module._request_account_id.set(account)
    module._request_region.set(region)
    settings = _settings(module, func, config)
    attempts, result = _try(module, func, event, settings)
    destinations = settings.get("DestinationConfig") or {}
    name = config.get("FunctionName", "")
    failed = bool(result.get("error"))
    destination = (destinations.get("OnFailure" if failed else "OnSuccess") or {}).get("Destination")
    if destination:
        record = _record(config, event, result, attempts)
        send_result(module, destination, name, record, {})
    dead_letters = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if failed and dead_letters:
        body = result.get("body")
        message = body.get("errorMessage", "") if isinstance(body, dict) else str(body)
        attributes = {"RequestID": module.new_uuid(), "ErrorCode": "200", "ErrorMessage": message or "error"}
        send_result(module, dead_letters, name, event, attributes)


def _settings(module: Any, func: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    version = config.get("Version", "$LATEST")
    if version == "$LATEST":
        found = func.get("event_invoke_config") or (func.get("event_invoke_configs") or {}).get(version)
        return found or {}
    # They are kept for a version, or for an alias of it, and with the function; what is invoked is one version's record.
    function = module._functions.get(config.get("FunctionName", "")) or func
    kept = function.get("event_invoke_configs") or {}
    aliases = [name for name, alias in function["aliases"].items() if alias["FunctionVersion"] == version]
    return next((kept[name] for name in (version, *aliases) if name in kept), {})


def _try(
    module: Any, func: dict[str, Any], event: Any, settings: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    retries = settings.get("MaximumRetryAttempts")
    most = 1 + (2 if retries is None else int(retries))
    longest_age = int(settings.get("MaximumEventAgeInSeconds") or 21600)
    started = time.monotonic()
    attempts = 0
    while True:
        result: dict[str, Any] = module._execute_function(func, event)
        # Throttled events wait in Lambda's queue; they do not use up the retries.
        attempts += not result.get("throttle")
        delay = min(
            module._LAMBDA_ASYNC_RETRY_BASE_SECONDS * 2 ** max(0, attempts - 1),
            module._LAMBDA_ASYNC_RETRY_MAX_SECONDS,
        )
        if not result.get("error") or attempts >= most or time.monotonic() - started + delay > longest_age:
            return attempts, result
        time.sleep(delay)


def _record(config: dict[str, Any], event: Any, result: dict[str, Any], attempts: int) -> dict[str, Any]:
    failed = bool(result.get("error"))
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": config.get("Version", "$LATEST")}
    if failed:
        response["functionError"] = result.get("function_error") or "Unhandled"
    return {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "requestContext": {
            "functionArn": f"{config.get('FunctionArn', '')}:{config.get('Version', '$LATEST')}",
            "condition": "RetriesExhausted" if failed else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": response,
        "responsePayload": result.get("body"),
    }


def send_result(module: Any, target: str, function: str, content: Any, attributes: dict[str, str]) -> None:
    """Send what became of an event to a queue, a topic, a function or an event bus.

    Args:
        module: The Lambda service.
        target: ARN of the receiver.
        function: Name of the function, for the log.
        content: What is sent, as JSON.
        attributes: Of the message, when the receiver is a queue.
    """
    body = json.dumps(content)
    service = target.split(":")[2]
    if service == "sqs":
        if send_message(target, body, attributes):
            return
    elif service == "sns":
        from ministack.services import sns

        if target in sns._topics:
            sns._fanout(target, module.new_uuid(), body, "", "", {})
            return
    elif service == "lambda":
        record, _config, _name = module._get_func_record_for_ref(target)
        if record is not None:
            module.invoke_async_with_retry(record, content)
            return
    elif service == "events":
        from ministack.services import eventbridge

        detail_type = f"Lambda Function Invocation Result - {content['requestContext']['condition']}"
        entry = {"Source": "lambda", "DetailType": detail_type, "Detail": body, "EventBusName": target}
        eventbridge._put_events({"Entries": [entry]})
        return
    elif service == "s3":
        from ministack.services import s3

        stamp = time.gmtime()
        folder = f"aws/lambda/async/{function}/{time.strftime('%Y/%m/%d', stamp)}"
        key = f"{folder}/{time.strftime('%Y-%m-%dT%H.%M.%S', stamp)}-{module.new_uuid()}"
        put = s3._put_object(
            target.rpartition(":")[2], key, body.encode(), {"content-type": "application/json"}
        )
        if put[0] == 200:
            return
    module.logger.warning("Lambda %s: nothing at %s to send a result to", function, target)
