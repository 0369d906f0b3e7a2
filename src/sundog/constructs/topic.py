"""An SNS topic and its subscribers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sns_subscriptions as subscriptions
from constructs import Construct

from sundog.constructs._function_props import FunctionProps
from sundog.constructs._resource import BindableResource, ResourceValue
from sundog.constructs._targets import SendsToFunctions, Target
from sundog.constructs.function import Function
from sundog.constructs.queue import Queue
from sundog.errors import ConstructError
from sundog.model.manifest import Trigger

_SETTINGS = ("filter", "filter_body", "raw", "dead_letter", "cdk")


class InvalidSubscription(ConstructError):
    """A subscriber of a topic cannot be subscribed as it is, or its settings contradict each other.

    FIFO topics deliver to queues only, and standard topics to queues that are not FIFO
    (https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html). A subscription has one filter, over the
    attributes of messages or over their bodies.
    """

    code = "SD-TOPIC-001"


class Topic(SendsToFunctions, BindableResource[sns.ITopic]):
    """An SNS topic: each message goes to every subscriber whose filter it passes.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the topics of the app.
        subscribers: By name: a handler, a `Function`, a `Queue`, or a dictionary with `function` or `queue` and
            `filter` (a policy over the message's attributes), `filter_body` (over its body), `raw` (queues get the
            body alone), `dead_letter` (a `Queue` for what could not be delivered), `cdk` (further properties of the CDK's
            subscription).
        fifo: Keep the order, and deliver each message once; subscribers are queues then.
        bind: Resources that the functions made here use.
        function_defaults: Settings for the functions made here.
        cdk: `{"topic": {…}}` lays properties over the CDK's topic; `{"topic": existing}` uses one as it is.

    Example:
        >>> orders = Topic(stack, "orders", subscribers={
        ...     "mail": "functions/mail.send",
        ...     "large": {"function": "functions/sales.call", "filter": {"total": [{"numeric": [">", 1000]}]}},
        ...     "archive": archive,
        ... })
        >>> Function(stack, "order", handler="functions/shop.order", bind=[orders])
    """

    kind = "Topic"
    cdk_keys = ("topic",)
    resource_key, resource_child = "topic", "Topic"
    topic_arn = ResourceValue("ARN of the topic, known to CloudFormation.")
    topic_name = ResourceValue("Physical name of the topic, known to CloudFormation.")
    usual_grant = "grant_publish"

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        subscribers: Mapping[str, Any] | None = None,
        fifo: bool = False,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, bind=bind, function_defaults=function_defaults, cdk=cdk)
        self.fifo = fifo
        self._reader = self.reader(
            "subscribers", noun="subscriber", others={"queue": Queue}, settings=_SETTINGS
        )
        self.take_or_make({"fifo": fifo or None}, self._create)
        self._names: list[str] = []
        self.add_subscribers(subscribers or {})
        self.registry.constructs.append(self)

    def _create(self) -> sns.Topic:
        own: dict[str, Any] = {"enforce_ssl": True}
        if self.fifo:
            own |= {"fifo": True, "content_based_deduplication": True}
        topic = sns.Topic(self, "Topic", **{**own, **self.cdk_props("topic")})
        topic.apply_removal_policy(self.registry.removal_policy)
        return topic

    def add_subscribers(self, subscribers: Mapping[str, Any]) -> None:
        """Subscribe further functions and queues.

        Args:
            subscribers: As the argument of the construct.
        """
        for target in self._reader.read(subscribers):
            self._check(target)
            if target.function is not None:
                self._subscribe_function(target, target.function)
            else:
                self._subscribe_queue(target)
            self._names.append(target.name)

    def _check(self, target: Target) -> None:
        subject = f"`{target.name}` of Topic `{self.id}`"
        if self.fifo and target.function is not None:
            raise self.error(
                InvalidSubscription,
                f"{subject} is a function, and the topic is FIFO",
                why="SNS delivers messages of FIFO topics to queues only",
                fix="subscribe a `Queue` with `fifo=True` and give it the function as `consumer`",
            )
        if target.function is None and target.construct.fifo and not self.fifo:
            raise self.error(
                InvalidSubscription,
                f"{subject} is the FIFO queue `{target.construct.id}`",
                why="SNS delivers to FIFO queues from FIFO topics only",
                fix="set `fifo=True` on the topic, or subscribe a queue that is not FIFO",
            )
        if "filter" in target.settings and "filter_body" in target.settings:
            raise self.error(
                InvalidSubscription,
                f"{subject} has both `filter` and `filter_body`",
                why="a subscription filters by attributes or by the body, not by both",
                fix="keep one of them",
            )
        if target.function is not None and target.settings.get("raw"):
            raise self.error(
                InvalidSubscription,
                f"{subject} is a function with `raw`",
                why="SNS delivers raw messages to queues only",
                fix="remove `raw`",
            )
        for name in ("filter", "filter_body"):
            if not isinstance(target.settings.get(name, {}), Mapping):
                raise self.error(
                    InvalidSubscription,
                    f"{subject}: `{name}` is `{target.settings[name]}`",
                    why="a filter is a dictionary of lists: a message passes when each key has one of the values",
                    fix=f'write `"{name}": {{"kind": ["order"]}}`',
                )
        if not isinstance(target.settings.get("dead_letter"), (Queue, type(None))):
            raise self.error(
                InvalidSubscription,
                f"{subject}: `dead_letter` is `{target.settings['dead_letter']}`",
                why="messages that cannot be delivered go to a `Queue`",
                fix='write `"dead_letter": Queue(stack, "undelivered")`',
            )

    def _subscribe_function(self, target: Target, function: Function) -> None:
        # The CDK's LambdaSubscription would put both below the function, named after the topic's inner construct: the
        # same for every topic of ours.
        subscription = sns.Subscription(
            self,
            f"Subscription-{target.name}",
            topic=self.cdk.topic,
            endpoint=function.arn,
            protocol=sns.SubscriptionProtocol.LAMBDA,
            **self._delivery(target),
        )
        permission = lambda_.CfnPermission(
            self,
            f"Permission-{target.name}",
            action="lambda:InvokeFunction",
            function_name=function.arn,
            principal="sns.amazonaws.com",
            source_arn=self.topic_arn,
        )
        subscription.node.add_dependency(permission)
        self.functions[target.name] = function
        function.triggers.append(
            Trigger(
                kind="topic",
                label=f"topic {self.id}",
                resource=self.path,
                detail={"subscriber": target.name, "filter": _shown_filter(target)},
            )
        )

    def _subscribe_queue(self, target: Target) -> None:
        queue: Queue = target.construct
        delivery = self._delivery(target)
        if target.settings.get("raw"):
            delivery["raw_message_delivery"] = True
        self.cdk.topic.add_subscription(subscriptions.SqsSubscription(queue.cdk.queue, **delivery))

    def _delivery(self, target: Target) -> dict[str, Any]:
        settings = target.settings
        delivery: dict[str, Any] = {}
        if settings.get("filter"):
            delivery["filter_policy"] = {
                name: sns.SubscriptionFilter(conditions=_conditions(value))
                for name, value in settings["filter"].items()
            }
        if settings.get("filter_body"):
            delivery["filter_policy_with_message_body"] = _body_policy(settings["filter_body"])
        if settings.get("dead_letter") is not None:
            delivery["dead_letter_queue"] = settings["dead_letter"].cdk.queue
        return {**delivery, **settings.get("cdk", {})}

    def attributes(self) -> dict[str, Any]:
        """Return who is subscribed."""
        functions = {name: function.path for name, function in self.functions.items()}
        return {"fifo": self.fifo, "subscribers": list(self._names), "functions": functions}


def _conditions(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _body_policy(policy: Mapping[str, Any]) -> dict[str, sns.FilterOrPolicy]:
    return {
        name: sns.FilterOrPolicy.policy(_body_policy(value))
        if isinstance(value, Mapping)
        else sns.FilterOrPolicy.filter(sns.SubscriptionFilter(conditions=_conditions(value)))
        for name, value in policy.items()
    }


def _shown_filter(target: Target) -> dict[str, Any]:
    return dict(target.settings.get("filter") or target.settings.get("filter_body") or {})
