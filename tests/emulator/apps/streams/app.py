"""Streams of tables and of Kinesis, schedules and alarms: everything that Lambda or a clock fetches."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aws_cdk import Duration, aws_cloudwatch, aws_events, aws_iam, aws_logs, aws_pipes
from aws_cdk.aws_events_targets import LambdaFunction
from aws_cdk.aws_scheduler import ScheduleGroup

from sundog import Alarm, App, Cron, Function, KinesisStream, Queue, Table

app = App()
ZONE = "Asia/Kolkata"  # half an hour beside every other zone


def of_the_cdk(stack):
    """A rule and a pipe, for which sundog has no construct."""
    ticked = Function(stack, "ticked", handler="functions/clock.ticked")
    aws_events.Rule(
        stack,
        "each-minute",
        schedule=aws_events.Schedule.rate(Duration.minutes(1)),
        targets=[LambdaFunction(ticked.cdk.function)],
    )
    scans, piped = Queue(stack, "scans"), Function(stack, "piped", handler="functions/clock.piped")
    reader = aws_iam.Role(stack, "reader", assumed_by=aws_iam.ServicePrincipal("pipes.amazonaws.com"))
    scans.cdk.queue.grant_consume_messages(reader)
    piped.cdk.function.grant_invoke(reader)
    aws_pipes.CfnPipe(
        stack,
        "scanner",
        role_arn=reader.role_arn,
        source=scans.cdk.queue.queue_arn,
        target=piped.cdk.function.function_arn,
    )
    stack.outputs(Scans=scans.queue_url)


@app.stack
def backend(stack):
    given_up = Queue(stack, "given-up")
    copies = KinesisStream(stack, "copies", consumers={"copy": "functions/changes.copy"})
    jobs = Table(
        stack,
        "jobs",
        partition_key=("id", "string"),
        kinesis_stream=copies,
        consumers={
            "strict": {
                "function": "functions/changes.strict",
                "filters": [{"dynamodb": {"Keys": {"id": {"S": [{"prefix": "job-"}]}}}}],
                "batch_size": 4,
                "batch_window": "1 minute",
                "bisect": True,
                "retries": 1,
                "on_failure": given_up,
            },
            "audit": {"function": "functions/changes.audit", "filters": [{"eventName": ["MODIFY"]}]},
        },
    )
    clicks = KinesisStream(
        stack,
        "clicks",
        consumers={
            "count": {
                "function": "functions/clicks.count",
                "batch_size": 3,
                "batch_window": "20 seconds",
                "partial_failures": True,
            },
        },
    )
    soon = datetime.now(ZoneInfo(ZONE)) + timedelta(seconds=1)
    Cron(
        stack,
        "once",
        schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        time_zone=ZONE,
        job="functions/clock.once",
        input={"kind": "daily"},
    )
    Cron(stack, "bare", schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})", time_zone=ZONE, job="functions/clock.bare")
    Cron(
        stack,
        "grouped",
        schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        time_zone=ZONE,
        job="functions/clock.grouped",
        flexible_window="1 minute",
        retries=2,
        max_age="1 hour",
        dead_letter=given_up,
        cdk={"schedule": {"schedule_group": ScheduleGroup(stack, "group")}},
    )
    Cron(
        stack, "minutely", schedule="rate(1 minute)", job="functions/clock.minutely", input={"kind": "minute"}
    )
    Table(
        stack,
        "books",
        partition_key=("shelf", "string"),
        sort_key=("title", "string"),
        indexes={
            "byAuthor": {"partition_key": ("author", "string"), "projection": "keys_only"},
            "byYear": {
                "partition_key": ("year", "number"),
                "sort_key": ("title", "string"),
                "projection": ["price"],
            },
        },
        local_indexes={"byPrice": {"sort_key": ("price", "number"), "projection": ["author"]}},
    )
    Alarm(
        stack,
        "errors",
        metric={"namespace": "Shop", "name": "Errors", "statistic": "Sum", "period": "1 minute"},
        threshold=10,
        description="too many",
        on_alarm="functions/clock.raised",
        on_ok="functions/clock.settled",
    )
    send = Function(stack, "send", handler="functions/send.handler", bind=[jobs, clicks])
    refused = aws_logs.MetricFilter(
        stack,
        "refused",
        log_group=send.cdk.log_group,
        filter_pattern=aws_logs.FilterPattern.string_value("$.level", "=", "REFUSED"),
        metric_namespace="Shop",
        metric_name="Refused",
        metric_value="$.amount",
    ).metric(statistic="Sum", period=Duration.hours(1))
    twice = aws_cloudwatch.MathExpression(
        expression="refused * 2", using_metrics={"refused": refused}, period=Duration.hours(1)
    )
    Alarm(stack, "refused-alarm", metric=twice, threshold=20, on_alarm="functions/clock.refused")
    of_the_cdk(stack)
    stack.outputs(GivenUp=given_up.queue_url)


app.synth()
