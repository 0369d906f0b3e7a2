"""Functions by themselves: asynchronous events and where their results go, addresses of their own, any event source."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from sundog import App, Function, Queue

app = App()


@app.stack
def backend(stack):
    page = Function(
        stack,
        "page",
        handler="functions/page.handler",
        url=True,
        disk="1 GB",
        tracing="active",
        layers=["arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python312-x86_64:7"],
    )
    failures = Queue(stack, "failures")
    ship = Function(stack, "ship", handler="functions/orders.ship")
    # Tried three times, as Lambda does unasked.
    charge = Function(
        stack,
        "charge",
        handler="functions/orders.charge",
        on_success=ship,
        on_failure=failures,
        dead_letter=True,
    )
    stack.outputs(Failures=failures.queue_url, DeadLetters=charge.cdk.dead_letter_queue.queue_url)

    Function(stack, "refund", handler="functions/orders.charge", retries=0, on_success=failures)

    Function(
        stack,
        "ready",
        handler="functions/orders.charge",
        warm=2,
        provisioned_concurrency=1,
        retries=0,
        on_success=failures,
    )

    bus, topic, bucket = events.EventBus(stack, "bus"), sns.Topic(stack, "topic"), s3.Bucket(stack, "kept")
    Function(stack, "to_bus", handler="functions/orders.charge", retries=0, on_success=bus)
    Function(stack, "to_topic", handler="functions/orders.charge", retries=0, on_failure=topic)
    Function(stack, "to_bucket", handler="functions/orders.charge", retries=0, on_success=bucket)
    told_by_bus = Function(stack, "told_by_bus", handler="functions/orders.ship")
    events.Rule(
        stack,
        "rule",
        event_bus=bus,
        event_pattern=events.EventPattern(source=["lambda"]),
        targets=[targets.LambdaFunction(told_by_bus.cdk.function)],
    )
    told = Function(stack, "told_by_topic", handler="functions/orders.ship")
    topic.add_subscription(subscriptions.LambdaSubscription(told.cdk.function))
    stack.outputs(Kept=bucket.bucket_name)

    signed = Function(stack, "signed", handler="functions/page.handler", url={"auth": "iam", "cors": False})
    stream = Function(stack, "stream", handler="functions/stream.handler", url={"streaming": True})
    stack.outputs(Page=page.url, Signed=signed.url, Stream=stream.url)

    extras = {
        "copy_files": [{"from": "texts/words.txt", "to": "data/words.txt"}],
        "hooks": {"after": ['echo "made for $SUNDOG_FUNCTION" > "$SUNDOG_OUTPUT/made.txt"']},
    }
    Function(stack, "greet", handler="functions/greet.handler", build=extras)

    Function(stack, "quiet", handler="functions/logs.speak", log_level="WARN")

    clicks = kinesis.Stream(stack, "clicks")
    count = Function(stack, "count", handler="functions/clicks.count")
    start = lambda_.StartingPosition.TRIM_HORIZON
    count.add_event_source(sources.KinesisEventSource(clicks, starting_position=start), label="clicks")
    stack.outputs(Clicks=clicks.stream_name)


app.synth()
