"""Topics, buckets and event buses: everything that pushes events to functions and queues."""

from aws_cdk import RemovalPolicy, aws_logs

from sundog import App, Bucket, EventBus, Function, Queue, Topic

app = App()


@app.stack
def backend(stack):
    archive = Queue(stack, "archive")
    deleted = Queue(stack, "deleted")
    orders = Topic(
        stack,
        "orders",
        subscribers={
            "all": "functions/orders.every",
            "large": {"function": "functions/orders.large", "filter": {"total": [{"numeric": [">", 1000]}]}},
            "gifts": {"function": "functions/orders.gift", "filter_body": {"gift": [True]}},
            "archive": {"queue": archive, "raw": True},
        },
    )
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
        },
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
    bus.subscribe("order.cancelled", "functions/shop.cancelled")
    Function(stack, "send", handler="functions/send.handler", bind=[orders, photos, bus])
    stack.outputs(Archive=archive.queue_url, Deleted=deleted.queue_url, Log=log.log_group_name)


app.synth()
