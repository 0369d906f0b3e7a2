"""Topics, buckets and event buses: everything that pushes events to functions and queues."""

from datetime import UTC, datetime

from aws_cdk import RemovalPolicy, aws_events, aws_events_targets, aws_logs, aws_s3

from sundog import App, Bucket, EventBus, Function, Queue, Topic

app = App()


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
    expiring = aws_s3.LifecycleRule(prefix="tmp/", expiration_date=datetime(2020, 1, 1, tzinfo=UTC))
    photos = Bucket(
        stack,
        "photos",
        notifications={
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
    Function(stack, "send", handler="functions/send.handler", bind=[orders, photos, bus])
    stack.outputs(Archive=archive.queue_url, Deleted=deleted.queue_url, Log=log.log_group_name)


app.synth()
