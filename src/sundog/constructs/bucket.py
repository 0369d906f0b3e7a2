"""An S3 bucket and what it notifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_s3_notifications as s3_notifications
from constructs import Construct

from sundog.constructs._binding import Access
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._registry import listed
from sundog.constructs._resource import BindableResource, ResourceValue
from sundog.constructs._targets import SendsToFunctions, Target
from sundog.constructs._uploads import project_folder, upload_entry
from sundog.constructs._values import seconds
from sundog.constructs.queue import Queue
from sundog.constructs.topic import Topic
from sundog.errors import ConstructError, suggestion
from sundog.model.manifest import Trigger, UploadEntry

EVENTS = {name.lower(): event for name, event in s3.EventType.__members__.items()}
"""`object_created`, `object_created_put`, …: the CDK's own names in small letters."""
_DEFAULT_EVENTS = ("object_created", "object_removed")
_COMMON_EVENTS = ("object_created", "object_created_put", "object_removed", "object_removed_delete")
_SETTINGS = ("events", "prefix", "suffix")
_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
_CORS_KEYS = ("allowed_origins", "allowed_methods", "allowed_headers", "exposed_headers", "max_age")


class InvalidNotification(ConstructError):
    """A notification of a bucket names an event that S3 does not have, or overlaps with another one.

    S3 sends one event to one receiver: two notifications for the same event need prefixes or suffixes that exclude each
    other (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html). A `Topic` brings
    one event to several receivers. Queues and topics that are FIFO are not told:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    """

    code = "SD-BUCKET-001"


class InvalidBucketCors(ConstructError):
    """The `cors` of a bucket is neither True, False nor a dictionary of the settings of a rule, or a list of those."""

    code = "SD-BUCKET-002"


class Bucket(SendsToFunctions, BindableResource[s3.IBucket]):
    """An S3 bucket: private, encrypted, reached by TLS only.

    A stage that `pyproject.toml` protects keeps the bucket when it is removed; in any other stage `sundog remove` empties
    and deletes it.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the buckets of the app.
        notifications: By name: a handler, a `Function`, a `Queue`, a `Topic`, or a dictionary with `function`, `queue`
            or `topic` and `events` (by default `["object_created", "object_removed"]`), `prefix`, `suffix`.
        cors: Which web pages may use it with a presigned URL: True, the default, for all; False for none; rules as
            dictionaries with `allowed_origins`, `allowed_methods`, `allowed_headers`, `exposed_headers`, `max_age`.
        block_public_access: Refuse policies and ACLs that make objects public.
        versioned: Keep what objects were before they were changed or deleted.
        event_bridge: Tell EventBridge's default bus of everything too, for rules of an `EventBus`.
        contents: A folder of the project whose files a deploy puts into the bucket; others in it stay.
        bind: Resources that the functions made here use.
        function_defaults: Settings for the functions made here.
        cdk: `{"bucket": {…}}` lays properties over the CDK's bucket; `{"bucket": existing}` uses one as it is.

    Example:
        >>> photos = Bucket(stack, "photos", notifications={
        ...     "thumbnail": {"function": "functions/images.shrink", "events": ["object_created"], "suffix": ".jpg"},
        ... })
        >>> Function(stack, "upload", handler="functions/images.upload_url", bind=[photos])
    """

    kind = "Bucket"
    cdk_keys = ("bucket",)
    resource_key, resource_child = "bucket", "Bucket"
    bucket_name = ResourceValue("Physical name of the bucket, known to CloudFormation.")
    bucket_arn = ResourceValue("ARN of the bucket, known to CloudFormation.")
    usual_grant = "grant_read_write"
    read_only = Access("grant_read", doc="Read and list objects, and no more.")
    write_only = Access("grant_write", doc="Write and delete objects, and no more.")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        notifications: Mapping[str, Any] | None = None,
        cors: bool | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        block_public_access: bool = True,
        versioned: bool = False,
        event_bridge: bool = False,
        contents: str | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, bind=bind, function_defaults=function_defaults, cdk=cdk)
        self._notified: dict[str, dict[str, Any]] = {}
        self._reader = self.reader(
            "notifications", noun="notification", others={"queue": Queue, "topic": Topic}, settings=_SETTINGS
        )
        configured = {
            "cors": cors,
            "versioned": versioned or None,
            "block_public_access": None if block_public_access else False,
        }
        allowed = True if cors is None else cors
        self.take_or_make(
            configured, lambda: self._create(allowed, block_public=block_public_access, versioned=versioned)
        )
        self.add_notifications(notifications or {})
        if event_bridge:
            self.cdk.bucket.enable_event_bridge_notification()
        self._uploads = [] if contents is None else [self._upload(contents)]
        self.registry.constructs.append(self)

    def _create(self, cors: Any, *, block_public: bool, versioned: bool) -> s3.Bucket:
        own: dict[str, Any] = {
            "encryption": s3.BucketEncryption.S3_MANAGED,
            "enforce_ssl": True,
            "versioned": versioned,
            "removal_policy": self.registry.removal_policy,
            "cors": self._cors(cors),
        }
        if block_public:
            own["block_public_access"] = s3.BlockPublicAccess.BLOCK_ALL
        else:
            own["block_public_access"] = s3.BlockPublicAccess(
                block_public_acls=False,
                block_public_policy=False,
                ignore_public_acls=False,
                restrict_public_buckets=False,
            )
            # An object may have an ACL of its own then, and still belongs to the bucket's owner.
            own["object_ownership"] = s3.ObjectOwnership.BUCKET_OWNER_PREFERRED
        return s3.Bucket(self, "Bucket", **{**own, **self.cdk_props("bucket")})

    def _cors(self, cors: Any) -> list[s3.CorsRule]:
        if cors is False:
            return []
        if cors is True:
            cors = {"allowed_origins": ["*"], "allowed_headers": ["*"], "allowed_methods": _METHODS}
        rules = [cors] if isinstance(cors, Mapping) else cors
        if not isinstance(rules, (list, tuple)) or not all(isinstance(rule, Mapping) for rule in rules):
            raise self.error(
                InvalidBucketCors,
                f"Bucket `{self.id}`: `cors` is `{cors!r}`",
                why="`cors` is True, False, a rule or a list of rules",
                fix='write `cors={"allowed_origins": ["https://example.com"]}`',
            )
        return [self._cors_rule(rule) for rule in rules]

    def _cors_rule(self, rule: Mapping[str, Any]) -> s3.CorsRule:
        for key in rule:
            if key not in _CORS_KEYS:
                close = suggestion(key, _CORS_KEYS)
                raise self.error(
                    InvalidBucketCors,
                    f"Bucket `{self.id}`: `cors` has no setting `{key}`",
                    why=f"the settings are {listed(_CORS_KEYS)}",
                    fix=f"write `{close}`" if close else f"remove `{key}`",
                )
        methods = [str(method).upper() for method in rule.get("allowed_methods", _METHODS)]
        for method in methods:
            if method not in _METHODS:
                raise self.error(
                    InvalidBucketCors,
                    f"Bucket `{self.id}`: `{method}` is not a method of S3",
                    why=f"the methods are {listed(_METHODS)}",
                    fix="remove it: S3 answers preflight requests by itself",
                )
        age = seconds(rule["max_age"]) if "max_age" in rule else None
        return s3.CorsRule(
            allowed_origins=list(rule.get("allowed_origins", ["*"])),
            allowed_methods=[s3.HttpMethods[method] for method in methods],
            allowed_headers=list(rule.get("allowed_headers", ["*"])),
            exposed_headers=list(rule.get("exposed_headers", [])),
            max_age=age,
        )

    def add_notifications(self, notifications: Mapping[str, Any]) -> None:
        """Notify further functions, queues and topics.

        Args:
            notifications: As the argument of the construct.
        """
        for target in self._reader.read(notifications):
            notification = self._notification(target)
            self._refuse_overlap(target.name, notification)
            self._notify(target, notification)
            self._notified[target.name] = notification

    def _notification(self, target: Target) -> dict[str, Any]:
        given = target.settings.get("events", _DEFAULT_EVENTS)
        events = [given] if isinstance(given, str) else list(given)
        for event in events:
            if event not in EVENTS:
                close = suggestion(str(event).lower(), EVENTS)
                raise self.error(
                    InvalidNotification,
                    f"Bucket `{self.id}`: `{target.name}` is to be notified of `{event}`, which S3 does not have",
                    why=f"the events are those of the CDK's `EventType`, in small letters: {listed(_COMMON_EVENTS)} and more",
                    fix=f"write `{close}`" if close else "choose one of them",
                )
        if target.function is None and target.construct.fifo:
            raise self.error(
                InvalidNotification,
                f"Bucket `{self.id}` is to notify the FIFO {target.kind} `{target.construct.id}`",
                why="S3 sends notifications to standard queues and topics only",
                fix="name one that is not FIFO, or set `event_bridge=True` and write a rule for it",
            )
        prefix, suffix = target.settings.get("prefix", ""), target.settings.get("suffix", "")
        return {"events": events, "prefix": prefix, "suffix": suffix}

    def _refuse_overlap(self, name: str, notification: Mapping[str, Any]) -> None:
        for other_name, other in self._notified.items():
            shared = [
                event for event in notification["events"] if any(_same(event, one) for one in other["events"])
            ]
            if shared and _overlap(notification, other):
                raise self.error(
                    InvalidNotification,
                    f"Bucket `{self.id}` would notify both `{other_name}` and `{name}` of one `{shared[0]}`",
                    why="S3 sends an event to one receiver, and refuses notifications that overlap",
                    fix=[
                        "give them prefixes or suffixes that exclude each other",
                        "or notify a `Topic`, and subscribe both to it",
                    ],
                )

    def _notify(self, target: Target, notification: Mapping[str, Any]) -> None:
        bucket: s3.IBucket = self.cdk.bucket
        names = {name: notification[name] for name in ("prefix", "suffix") if notification[name]}
        filters = [s3.NotificationKeyFilter(**names)] if names else []
        for event in notification["events"]:
            bucket.add_event_notification(EVENTS[event], _destination(target), *filters)
        if target.function is not None:
            self.functions[target.name] = target.function
            target.function.triggers.append(
                Trigger(
                    kind="bucket",
                    label=f"bucket {self.id}",
                    resource=self.path,
                    detail={"notification": target.name, **notification},
                )
            )

    def _upload(self, contents: str) -> UploadEntry:
        folder = project_folder(self, "contents", contents)
        bucket = self.cdk.bucket.bucket_name
        return upload_entry(self, bucket=bucket, source=folder, folder=folder, purge=False)

    def uploads(self) -> list[UploadEntry]:
        """Return the files that a deploy puts into the bucket."""
        return self._uploads

    def attributes(self) -> dict[str, Any]:
        """Return who is notified of what, and whether removing the stage empties the bucket."""
        return {
            "notifications": self._notified,
            "functions": {name: function.path for name, function in self.functions.items()},
            "emptied_on_removal": self.is_ours
            and self.registry.removal_policy == aws_cdk.RemovalPolicy.DESTROY,
        }


def _destination(target: Target) -> s3.IBucketNotificationDestination:
    if target.function is not None:
        function: s3.IBucketNotificationDestination = s3_notifications.LambdaDestination(
            target.function.cdk.function
        )
        return function
    if target.kind == "queue":
        queue: s3.IBucketNotificationDestination = s3_notifications.SqsDestination(target.construct.cdk.queue)
        return queue
    topic: s3.IBucketNotificationDestination = s3_notifications.SnsDestination(target.construct.cdk.topic)
    return topic


def _same(one: str, other: str) -> bool:
    """Whether two names of events can mean one event: `object_created` means every `object_created_…`."""
    return one.startswith(other) or other.startswith(one)


def _overlap(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether a key can have the prefix and the suffix of both."""
    first, second = one["suffix"], other["suffix"]
    return _same(one["prefix"], other["prefix"]) and (first.endswith(second) or second.endswith(first))
