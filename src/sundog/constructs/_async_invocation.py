"""What becomes of an event that a function was given without anyone waiting: retries, destinations, dead letters.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html and
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

from typing import Any

import aws_cdk
import aws_cdk.aws_lambda as lambda_

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._function_settings import invalid
from sundog.constructs._registry import type_name
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.errors import ConstructError

MOST_RETRIES = 2
SHORTEST_AGE_SECONDS, LONGEST_AGE_SECONDS = 60, 6 * 3600
DEAD_LETTER_RETENTION_DAYS = 14

_DESTINATIONS = {
    "function_arn": "LambdaDestination",
    "queue_arn": "SqsDestination",
    "topic_arn": "SnsDestination",
    "event_bus_arn": "EventBridgeDestination",
    "bucket_arn": "S3Destination",
}
"""By the attribute that tells a kind of resource from the others."""


class InvalidDestination(ConstructError):
    """The results or the dead letters of a function are to go where Lambda cannot send them.

    A destination is a function, a standard queue, a standard topic, an event bus or a bucket: a construct of sundog or of
    the CDK. Dead letters go to a standard queue or topic. Lambda sends to nothing that is FIFO.
    """

    code = "SD-FUNCTION-001"


def async_invocation(construct: SundogConstruct, props: FunctionProps) -> dict[str, Any]:
    """Return the CDK's properties for what becomes of asynchronous events.

    Args:
        construct: The function; a dead-letter queue of its own is made below it.
        props: Its settings.

    Raises:
        InvalidFunctionSetting: Lambda does not allow as many retries, or such an age.
        InvalidDestination: Lambda cannot send there.
    """
    found: dict[str, Any] = {
        "retry_attempts": _retries(construct, props.retries),
        "max_event_age": _longest_age(construct, props.max_event_age),
        "on_success": _destination(construct, "on_success", props.on_success),
        "on_failure": _destination(construct, "on_failure", props.on_failure),
        **_dead_letters(construct, props.dead_letter),
    }
    return {name: value for name, value in found.items() if value is not None}


def _retries(construct: SundogConstruct, given: Any) -> int | None:
    if given is None or is_token(given):
        return given  # type: ignore[no-any-return]
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= MOST_RETRIES:
        raise invalid(
            construct,
            "retries",
            given,
            f"Lambda tries a failed event again at most {MOST_RETRIES} times",
            f"set `retries` to 0, 1 or {MOST_RETRIES}",
        )
    return given


def _longest_age(construct: SundogConstruct, given: Any) -> aws_cdk.Duration | None:
    if given is None:
        return None
    value = given if is_token(given) else seconds(given)
    if value is None or (not is_token(value) and not SHORTEST_AGE_SECONDS <= value <= LONGEST_AGE_SECONDS):
        raise invalid(
            construct,
            "max_event_age",
            given,
            f"Lambda keeps an event for {SHORTEST_AGE_SECONDS} to {LONGEST_AGE_SECONDS} seconds, written as {DURATION_FORMS}",
            'write it like `max_event_age="1 hour"`',
        )
    return aws_cdk.Duration.seconds(value)


def _destination(construct: SundogConstruct, setting: str, given: Any) -> lambda_.IDestination | None:
    if given is None:
        return None
    if type(given).__module__.startswith("aws_cdk.aws_lambda_destinations"):
        own: lambda_.IDestination = given
        return own
    target = _below(given)
    for attribute, destination in _DESTINATIONS.items():
        if hasattr(type(target), attribute):
            _refuse_fifo(construct, setting, given, target)
            # Loaded for those that use it: it takes a dozen modules of the CDK with it.
            from aws_cdk import aws_lambda_destinations as destinations

            made: lambda_.IDestination = getattr(destinations, destination)(target)
            return made
    raise construct.error(
        InvalidDestination,
        f"{construct.kind} `{construct.id}`: `{setting}` is {type_name(given)}",
        why="results go to a function, a queue, a topic, an event bus or a bucket",
        fix="hand in the construct, without quotes" if isinstance(given, str) else "hand in one of these",
    )


def _dead_letters(construct: SundogConstruct, given: Any) -> dict[str, Any]:
    if given is None or given is False:
        return {}
    if given is True:
        from aws_cdk import aws_sqs as sqs

        own = {
            "retention_period": aws_cdk.Duration.days(DEAD_LETTER_RETENTION_DAYS),
            "enforce_ssl": True,
            "removal_policy": construct.registry.removal_policy,
        }
        queue = sqs.Queue(construct, "DeadLetters", **{**own, **construct.cdk_props("dead_letter_queue")})
        construct.cdk.dead_letter_queue = queue
        return {"dead_letter_queue": queue}
    target = _below(given)
    for attribute, setting in (("queue_arn", "dead_letter_queue"), ("topic_arn", "dead_letter_topic")):
        if hasattr(type(target), attribute):
            _refuse_fifo(construct, "dead_letter", given, target)
            construct.cdk.dead_letter_queue = target if setting == "dead_letter_queue" else None
            return {setting: target}
    raise construct.error(
        InvalidDestination,
        f"{construct.kind} `{construct.id}`: `dead_letter` is {type_name(given)}",
        why="dead letters go to a queue or a topic",
        fix="write `dead_letter=True` for a queue of its own, or hand in a `Queue`",
    )


def _below(given: Any) -> Any:
    """Return the CDK's construct below one of sundog's."""
    return getattr(given, "grants", None) if isinstance(given, SundogConstruct) else given


def _refuse_fifo(construct: SundogConstruct, setting: str, given: Any, target: Any) -> None:
    if getattr(target, "fifo", False):
        raise construct.error(
            InvalidDestination,
            f"{construct.kind} `{construct.id}`: `{setting}` is the FIFO {type(given).__name__.lower()} `{given.node.id}`",
            why="Lambda sends asynchronous events to standard queues and topics only",
            fix="use one that is not FIFO",
        )
