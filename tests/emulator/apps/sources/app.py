"""Topics, buckets and event buses: everything that pushes events to functions and queues."""

from datetime import UTC, datetime

from aws_cdk import RemovalPolicy, aws_events, aws_events_targets, aws_logs, aws_s3

from sundog import App, Bucket, EventBus, Function, KinesisStream, Queue, Topic

app = App()
OPERATORS = {
    "equal": {"text": ["Shop-42"]},
    "null": {"nothing": [None]},
    "prefix": {"text": [{"prefix": "Shop"}]},
    "prefix-of-any-case": {"text": [{"prefix": {"equals-ignore-case": "shop"}}]},
    "suffix": {"text": [{"suffix": "42"}]},
    "any-case": {"text": [{"equals-ignore-case": "SHOP-42"}]},
    "wildcard": {"text": [{"wildcard": "S*-*2"}]},
    "anything-but": {"text": [{"anything-but": ["Bar-1", "Bar-2"]}]},
    "anything-but-prefix": {"text": [{"anything-but": {"prefix": "Bar"}}]},
    "numeric": {"number": [{"numeric": [">=", 40, "<", 50]}]},
    "exists": {"nested": {"there": [{"exists": True}]}},
    "exists-not": {"gone": [{"exists": False}]},
    "address": {"address": [{"cidr": "10.0.0.0/24"}]},
    "one-of-a-list": {"tags": ["b", "x"]},
    "or": {"$or": [{"text": ["nobody"]}, {"number": [42]}]},
}
"""What a pattern can say about a field, each of which holds for the first event of the test and not for the second."""


def copies(stack, bus):
    """One event for every kind of target."""
    audit = EventBus(stack, "audit")
    audit.subscribe("order.copied", "functions/copies.audited")
    relay = Topic(stack, "relay", subscribers={"relayed": "functions/copies.relayed"})
    stream = KinesisStream(
        stack,
        "stream",
        consumers={
            "streamed": {"function": "functions/copies.streamed", "starting_position": "trim_horizon"}
        },
    )
    queue = Queue(stack, "copied", consumer="functions/copies.queued")
    fields = {"total": aws_events.EventField.from_path("$.detail.total"), "what": "copy"}
    bus.add_rules(
        {
            "copies": {
                "pattern": {"detail_type": "order.copied"},
                "targets": {
                    "audit": audit,
                    "relay": {"topic": relay, "input": fields},
                    "stream": {"stream": stream, "partition_key": "$.detail.total"},
                    "queue": {"queue": queue, "input": fields},
                },
            },
        }
    )


@app.stack
def backend(stack):
    archive = Queue(stack, "archive")
    deleted = Queue(stack, "deleted")
    closed = Queue(stack, "closed")
    undelivered = Queue(stack, "undelivered", consumer="functions/orders.undelivered")
    orders = Topic(
        stack,
        "orders",
        subscribers={
            "all": "functions/orders.every",
            "large": {"function": "functions/orders.large", "filter": {"total": [{"numeric": [">", 1000]}]}},
            "gifts": {"function": "functions/orders.gift", "filter_body": {"gift": [True]}},
            "archive": {"queue": archive, "raw": True},
            "closed": {"queue": closed, "dead_letter": undelivered},
        },
    )
    uploads = Topic(stack, "uploads", subscribers={"note": "functions/photos.noted"})
    expiring = aws_s3.LifecycleRule(prefix="tmp/", expiration_date=datetime(2020, 1, 1, tzinfo=UTC))
    photos = Bucket(
        stack,
        "photos",
        event_bridge=True,
        notifications={
            "told": {"topic": uploads, "events": ["object_created"], "prefix": "told/"},
            "thumbnail": {
                "function": "functions/photos.shrink",
                "events": ["object_created"],
                "prefix": "in/",
                "suffix": ".jpg",
            },
            "deleted": {"queue": deleted, "events": ["object_removed"]},
            "expired": {"function": "functions/photos.expired", "events": ["lifecycle_expiration"]},
        },
        cdk={"bucket": {"lifecycle_rules": [expiring]}},
    )
    photos.functions["thumbnail"].bind([photos])
    log = aws_logs.LogGroup(stack, "shop-log", removal_policy=RemovalPolicy.DESTROY)
    bus = EventBus(
        stack,
        "shop",
        archive="7 days",
        rules={
            "large": {
                "pattern": {"source": [{"prefix": "shop"}], "detail": {"total": [{"numeric": [">", 1000]}]}},
                "targets": {"call": "functions/shop.large", "log": {"log_group": log}},
            },
        },
    )
    counted = Function(stack, "counted", handler="functions/shop.large")
    aws_events.Rule(
        stack,
        "of-the-account",
        event_pattern=aws_events.EventPattern(detail_type=["order.counted"]),
        targets=[aws_events_targets.LambdaFunction(counted.cdk.function)],
    )
    bus.subscribe("order.cancelled", "functions/shop.cancelled")
    copies(stack, bus)
    matched = Function(stack, "matched", handler="functions/shop.matched")
    bus.add_rules(
        {
            name: {
                "pattern": {"detail_type": "order.matched", "detail": pattern},
                "targets": {"note": {"function": matched, "input": {"operator": name}}},
            }
            for name, pattern in OPERATORS.items()
        }
    )
    default = aws_events.EventBus.from_event_bus_name(stack, "default-bus", "default")
    new_photo = {
        "source": "aws.s3",
        "detail_type": "Object Created",
        "detail": {"bucket": {"name": [photos.bucket_name]}, "object": {"key": [{"prefix": "bus/"}]}},
    }
    EventBus(
        stack,
        "account",
        cdk={"event_bus": default},
        rules={"photos": {"pattern": new_photo, "targets": {"show": "functions/photos.shown"}}},
    )
    booked = Queue(stack, "booked", fifo=True, consumer="functions/orders.book")
    ledger = Topic(
        stack,
        "ledger",
        fifo=True,
        subscribers={"book": {"queue": booked, "raw": True, "filter": {"kind": ["sale"]}}},
    )
    Function(stack, "send", handler="functions/send.handler", bind=[orders, photos, bus, ledger])
    stack.outputs(Kept=bus.cdk.archive.attr_arn, Bus=bus.event_bus_arn)
    stack.outputs(Archive=archive.queue_url, Deleted=deleted.queue_url, Log=log.log_group_name)


app.synth()
