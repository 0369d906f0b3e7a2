"""What a topic cannot deliver is lost, and an address that fails is tried once: `RedrivePolicy` and `DeliveryPolicy` do nothing.

A subscriber that is not there is not tried again; an address that answers with an error of its server is. What a function fails on is not SNS's business, because it is invoked asynchronously.
https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

from .queue_messages import send_message

MODULE = "ministack.services.sns"
VERSIONS = frozenset({"1.5.33"})

_DEFAULT_RETRIES = 3
"""Of an HTTP subscription: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html"""
_SECONDS_BETWEEN_RETRIES = 1.0
_TOO_MANY_REQUESTS = 429

_topic: ContextVar[str] = ContextVar("topic_that_is_delivered", default="")


def mend(module: Any) -> None:
    """Give what is not delivered to the subscription's dead-letter queue."""
    fan_out, to_function, to_queue = module._fanout, module._deliver_to_lambda, module._deliver_to_sqs

    def fan_out_from(topic_arn: str, *rest: Any, **named: Any) -> Any:
        token = _topic.set(topic_arn)
        try:
            return fan_out(topic_arn, *rest, **named)
        finally:
            _topic.reset(token)

    def deliver_to_function(endpoint: str, envelope: str, topic_arn: str, *rest: Any) -> None:
        if module._lambda_svc._get_func_record_for_ref(endpoint)[0] is None:
            _give_up(module, _subscription(module, topic_arn, endpoint), envelope)
        else:
            to_function(endpoint, envelope, topic_arn, *rest)

    def deliver_to_queue(endpoint: str, envelope: str, *rest: Any, **named: Any) -> None:
        topic_arn = named.get("topic_arn") or _topic.get()
        if module._sqs._queue_by_arn(endpoint) is not None:
            to_queue(endpoint, envelope, *rest, **named)
            return
        fifo = {
            "MessageGroupId": named.get("message_group_id"),
            "MessageDeduplicationId": named.get("message_dedup_id"),
        }
        given = {name: value for name, value in fifo.items() if value}
        # With raw delivery the envelope is the message itself.
        _give_up(module, _subscription(module, topic_arn, endpoint), envelope, **given)

    def deliver_to_address(endpoint: str, payload: str) -> Coroutine[Any, Any, None]:
        # Called by the topic's own thread, which knows the topic, and run by another one.
        return _post(module, _subscription(module, _topic.get(), endpoint), endpoint, payload)

    module._fanout, module._deliver_to_lambda = fan_out_from, deliver_to_function
    module._deliver_to_sqs, module._deliver_to_http = deliver_to_queue, deliver_to_address


def _subscription(module: Any, topic_arn: str, endpoint: str) -> dict[str, Any]:
    topic = module._topic_by_arn_any_scope(topic_arn) or {"subscriptions": ()}
    return next((one for one in topic["subscriptions"] if one["endpoint"] == endpoint), {})


async def _post(module: Any, subscription: dict[str, Any], endpoint: str, payload: str) -> None:
    left = _retries(subscription)
    while True:
        try:
            await asyncio.to_thread(module._http_post_sync, endpoint, payload, "Notification")
        except (OSError, ValueError) as error:
            module.logger.warning("SNS: %s did not take a message: %s", endpoint, error)
            status = error.code if isinstance(error, urllib.error.HTTPError) else 500
            for_good = 400 <= status < 500 and status != _TOO_MANY_REQUESTS
            if for_good or not left:
                _give_up(module, subscription, payload)
                return
        else:
            return
        left -= 1
        await asyncio.sleep(_SECONDS_BETWEEN_RETRIES)


def _retries(subscription: dict[str, Any]) -> int:
    policy = _json(subscription, "DeliveryPolicy").get("healthyRetryPolicy") or {}
    return int(policy.get("numRetries", _DEFAULT_RETRIES))


def _give_up(module: Any, subscription: dict[str, Any], body: str, **fifo: str) -> None:
    target = _json(subscription, "RedrivePolicy").get("deadLetterTargetArn", "")
    if not target or not send_message(target, body, {}, **fifo):
        module.logger.warning("SNS: a message for %s is lost", subscription.get("endpoint"))


def _json(subscription: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an attribute that is a text in JSON, or nothing when it is not set."""
    text = (subscription.get("attributes") or {}).get(name)
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
