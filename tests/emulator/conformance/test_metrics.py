"""The metrics that services publish: of queues, of APIs, of topics; and the alarms that watch them."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid

import pytest

from sundog.aws.embedded.capabilities import embedded_capabilities

VISIBLE = "ApproximateNumberOfMessagesVisible"
ABOVE = "GreaterThanOrEqualToThreshold"


def values(bench, namespace, name, statistic="Sum", **dimensions):
    """Return a statistic over the last hours; None when nothing was published."""
    found = bench.aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": one} for key, one in dimensions.items()],
        StartTime=time.time() - 7200,
        EndTime=time.time() + 7200,
        # Longer than the tests run, so that all is in one period or two.
        Period=86400,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in found) if found else None


@pytest.fixture
def queue(mended):
    return new_queue(mended)


class Queue:
    def __init__(self, bench, name, url, arn):
        self.bench, self.name, self.url, self.arn = bench, name, url, arn
        self._sqs = bench.aws.client("sqs")

    def send(self, *bodies):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def receive(self, most=10, **settings):
        answer = self._sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=most, WaitTimeSeconds=1, **settings
        )
        return answer.get("Messages", [])

    def delete(self, *messages):
        for message in messages:
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def value(self, name):
        # Of what it holds there is a value each minute that an alarm looks.
        statistic = "Maximum" if name.startswith("Approximate") else "Sum"
        return values(self.bench, "AWS/SQS", name, statistic, QueueName=self.name)

    def alarm(self, **settings):
        name = f"alarm-{uuid.uuid4().hex[:8]}"
        watched = {
            "Namespace": "AWS/SQS",
            "MetricName": VISIBLE,
            "Dimensions": [{"Name": "QueueName", "Value": self.name}],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": ABOVE,
        }
        self.bench.aws.client("cloudwatch").put_metric_alarm(AlarmName=name, **{**watched, **settings})
        return name


def new_queue(bench, **attributes):
    name = f"queue-{uuid.uuid4().hex[:8]}"
    sqs = bench.aws.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Queue(bench, name, url, arn)


def with_dead_letters(bench, dead_letters):
    policy = json.dumps({"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": 1})
    return new_queue(bench, RedrivePolicy=policy, VisibilityTimeout="0")


def test_the_depth_of_a_queue_is_what_it_holds_when_it_is_read(queue):
    queue.send("one", "two", "three")
    queue.receive(most=1)

    assert queue.value(VISIBLE) == 2
    assert queue.value("ApproximateNumberOfMessagesNotVisible") == 1


def test_a_queue_counts_what_is_sent_received_and_deleted(queue):
    queue.send("one", "two", "three")
    queue.delete(*queue.receive()[:2])

    assert queue.value("NumberOfMessagesSent") == 3
    assert queue.value("NumberOfMessagesReceived") == 3
    assert queue.value("NumberOfMessagesDeleted") == 2


def test_what_a_topic_sends_to_a_queue_counts_and_a_purge_loses_none(mended, queue):
    topic = mended.topic(("sqs", queue.arn))
    mended.aws.client("sns").publish(TopicArn=topic, Message="from a topic")
    mended.aws.client("sqs").purge_queue(QueueUrl=queue.url)

    assert queue.value("NumberOfMessagesSent") == 1
    assert queue.value(VISIBLE) == 0


def test_an_alarm_on_a_dead_letter_queue_calls_its_function(mended, queue, wait_for):
    source = with_dead_letters(mended, queue)
    function, arn = mended.function(lambda event, headers: None)
    queue.alarm(AlarmActions=[arn])
    source.send("poison")
    source.receive()

    # Whoever looks next finds that it was received once too often, and moves it.
    source.receive()
    [event] = wait_for(lambda: mended.seen(function), "the alarm")

    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert queue.value(VISIBLE) == 1
    # As on AWS, a message that is moved is not one that is sent.
    assert queue.value("NumberOfMessagesSent") == 0


def test_an_alarm_on_a_queue_ends_when_the_queue_is_empty(mended, queue, wait_for):
    function, arn = mended.function(lambda event, headers: None)
    name = queue.alarm(OKActions=[arn], AlarmActions=[arn])
    queue.send("one")

    def states():
        return [event["alarmData"]["state"]["value"] for event in mended.seen(function)]

    wait_for(lambda: "ALARM" in states(), "the alarm")
    queue.delete(*queue.receive())
    wait_for(lambda: states()[-1] == "OK", "its end")

    alarm = mended.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert alarm["StateValue"] == "OK"


def http_api(bench, function_arn):
    """Make an API with one route; return its address and the dimensions of its metrics."""
    gateway = bench.aws.client("apigatewayv2")
    api = gateway.create_api(Name="measured", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function_arn,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="GET /", Target=f"integrations/{integration}")
    return bench.cloud.cloud.url_for("api", api), {"ApiId": api}, {"ApiId": api, "Stage": "$default"}


def rest_api(bench, function_arn):
    """Make such a REST API."""
    gateway, name = bench.aws.client("apigateway"), f"shop-{uuid.uuid4().hex[:8]}"
    # Characters beyond ASCII are not part of the dimension.
    api = gateway.create_rest_api(name=f"{name}é")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function_arn}/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="live")
    url = bench.cloud.cloud.url_for("api", api, stage="live")
    return url, {"ApiName": name}, {"ApiName": name, "Stage": "live"}


def statuses(url, *paths):
    found = []
    for path in paths:
        try:
            with urllib.request.urlopen(url + path, timeout=30) as answer:
                found.append(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                found.append(error.code)
    return found


def of_requests(bench, dimensions, *names):
    return [values(bench, "AWS/ApiGateway", name, **dimensions) for name in names]


@pytest.fixture
def answering(mended):
    """A function whose answers have the status that the request asks for, and that fails when it asks for none."""

    def answer(event, headers):
        return {"statusCode": int(event["queryStringParameters"]["status"])}

    return mended.function(answer)[1]


def test_an_http_api_counts_its_requests_and_errors_and_times_them(mended, answering):
    url, *dimensions = http_api(mended, answering)

    # The last is of no route.
    assert statuses(url, "/?status=200", "/?status=503", "/?status=404", "/nowhere") == [200, 503, 404, 404]

    for of_api_or_stage in dimensions:
        assert of_requests(mended, of_api_or_stage, "Count", "4xx", "5xx") == [4, 2, 1]
        for name, requests in (("Latency", 4), ("IntegrationLatency", 3), ("DataProcessed", 4)):
            assert values(mended, "AWS/ApiGateway", name, "SampleCount", **of_api_or_stage) == requests


def test_a_rest_api_counts_its_requests_and_errors_and_times_them(mended, answering):
    url, *dimensions = rest_api(mended, answering)

    # The last is of no method.
    assert statuses(url, "/?status=200", "/?status=503", "/?status=404", "/nowhere") == [200, 503, 404, 403]

    for of_api_or_stage in dimensions:
        assert of_requests(mended, of_api_or_stage, "Count", "4XXError", "5XXError") == [4, 2, 1]
        # The average is the share of requests that failed.
        assert values(mended, "AWS/ApiGateway", "5XXError", "Average", **of_api_or_stage) == 0.25
        for name, requests in (("Latency", 4), ("IntegrationLatency", 3)):
            assert values(mended, "AWS/ApiGateway", name, "SampleCount", **of_api_or_stage) == requests


@pytest.mark.parametrize(("make", "metric"), [(http_api, "5xx"), (rest_api, "5XXError")])
def test_an_alarm_on_the_server_errors_of_an_api_calls_its_function(
    mended, answering, wait_for, make, metric
):
    url, dimensions, _ = make(mended, answering)
    function, arn = mended.function(lambda event, headers: None)
    mended.aws.client("cloudwatch").put_metric_alarm(
        AlarmName=f"alarm-{uuid.uuid4().hex[:8]}",
        Namespace="AWS/ApiGateway",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator=ABOVE,
        AlarmActions=[arn],
    )

    statuses(url, "/?status=200", "/?status=500")
    [event] = wait_for(lambda: mended.seen(function), "the alarm")

    assert event["alarmData"]["state"]["reason"].startswith("Threshold Crossed: 1.0")


def test_the_latency_of_an_api_has_percentiles(mended, answering):
    url, dimensions, _ = http_api(mended, answering)
    statuses(url, *["/?status=200"] * 3)
    stat = {
        "Metric": {
            "Namespace": "AWS/ApiGateway",
            "MetricName": "Latency",
            "Dimensions": [{"Name": "ApiId", "Value": dimensions["ApiId"]}],
        },
        "Period": 86400,
    }
    queries = [
        {"Id": name.lower(), "MetricStat": {**stat, "Stat": name}} for name in ("p99", "Minimum", "Maximum")
    ]

    results = mended.aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=time.time() - 7200, EndTime=time.time() + 7200
    )["MetricDataResults"]
    highest, low, high = (result["Values"][-1] for result in results)

    assert low <= highest <= high


def of_function(bench, name, *metrics):
    return [values(bench, "AWS/Lambda", metric, FunctionName=name) for metric in metrics]


def test_a_function_counts_what_an_api_and_a_queue_have_it_do(mended, queue, failing, wait_for):
    name, arn = mended.function(failing)
    statuses(http_api(mended, arn)[0], "/")
    mended.aws.client("lambda").create_event_source_mapping(FunctionName=name, EventSourceArn=queue.arn)
    queue.send("one")

    wait_for(lambda: of_function(mended, name, "Errors") == [2], "the second error")

    assert of_function(mended, name, "Invocations", "Throttles") == [2, 0]
    assert values(mended, "AWS/Lambda", "Duration", "SampleCount", FunctionName=name) == 2


def test_a_function_counts_an_asynchronous_event_when_it_has_failed(mended, failing, wait_for):
    name, _ = mended.function(failing)
    functions = mended.aws.client("lambda")
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")

    wait_for(lambda: of_function(mended, name, "Errors") == [2], "the error of the second attempt")

    assert of_function(mended, name, "Invocations") == [2]


def test_a_call_that_is_throttled_is_no_invocation(mended):
    name, _ = mended.function(lambda event, headers: None)
    functions = mended.aws.client("lambda")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(functions.exceptions.TooManyRequestsException) as refused:
        functions.invoke(FunctionName=name)
    calls = 1 + refused.value.response["ResponseMetadata"]["RetryAttempts"]

    assert of_function(mended, name, "Throttles", "Invocations") == [calls, None]


def test_a_topic_counts_what_is_published_to_it(mended):
    topic = mended.topic()
    topics = mended.aws.client("sns")
    topics.publish(TopicArn=topic, Message="one")
    topics.publish_batch(
        TopicArn=topic, PublishBatchRequestEntries=[{"Id": one, "Message": one} for one in ("two", "three")]
    )

    name = topic.rpartition(":")[2]

    assert values(mended, "AWS/SNS", "NumberOfMessagesPublished", TopicName=name) == 3


def test_what_sundog_says_is_published_is_what_is_published(mended, answering, queue):
    for make in (http_api, rest_api):
        statuses(make(mended, answering)[0], "/?status=200")
    mended.aws.client("sns").publish(TopicArn=mended.topic(), Message="one")
    pages = mended.aws.client("cloudwatch").get_paginator("list_metrics").paginate()
    published = {
        (metric["Namespace"], metric["MetricName"], frozenset(one["Name"] for one in metric["Dimensions"]))
        for page in pages
        for metric in page["Metrics"]
        if metric["Namespace"].startswith("AWS/")
    }
    # What a function of all is read from those of each.
    of_all = {("AWS/Lambda", name, frozenset()) for _, name, _ in published}

    said = {
        (namespace, name, dimensions)
        for namespace, kinds in embedded_capabilities().metrics.items()
        for kind in kinds
        for name in kind.names
        for dimensions in kind.dimensions
    }

    assert said - of_all == published


@pytest.mark.parametrize(("make", "mend"), [(http_api, "http_api_metrics"), (rest_api, "rest_api_metrics")])
def test_mends_of_apis_are_still_needed(unmended_bench, make, mend):
    url, dimensions, _ = make(unmended_bench, "arn:aws:lambda:eu-west-1:000000000000:function:none")
    statuses(url, "/")

    assert of_requests(unmended_bench, dimensions, "Count") == [None], f"the emulator no longer needs {mend}"


def test_function_metrics_is_still_needed(unmended_bench):
    name, arn = unmended_bench.function(lambda event, headers: {"statusCode": 200})
    statuses(http_api(unmended_bench, arn)[0], "/")

    assert of_function(unmended_bench, name, "Invocations") == [None], "the emulator counts all invocations"


def test_topic_metrics_is_still_needed(unmended_bench):
    topic = unmended_bench.topic()
    unmended_bench.aws.client("sns").publish(TopicArn=topic, Message="one")
    name = topic.rpartition(":")[2]

    published = values(unmended_bench, "AWS/SNS", "NumberOfMessagesPublished", TopicName=name)

    assert published is None, "the emulator's topics publish metrics"


def test_queue_metrics_is_still_needed(unmended_bench):
    queue = new_queue(unmended_bench)
    queue.send("one")

    assert queue.value(VISIBLE) is None, "the emulator's queues publish their depth"


def test_queue_counts_is_still_needed(unmended_bench):
    queue = new_queue(unmended_bench)
    queue.send("one")
    queue.receive()

    assert queue.value("NumberOfMessagesReceived") is None, "the emulator's queues publish what is received"
