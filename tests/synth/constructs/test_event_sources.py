"""Topics, buckets, event buses and streams: what reaches the template."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_subscriptions_carry_their_filters(backend):
    assembly = backend(
        """
Topic(stack, "orders", subscribers={
    "by-attribute": {"function": "functions/notes.get", "filter": {"kind": ["a", {"prefix": "b"}]}},
    "by-body": {"queue": Queue(stack, "copies"), "filter_body": {"order": {"gift": [True]}}, "raw": True},
})
"""
    )
    function, queue = sorted(
        assembly.resources("backend", "AWS::SNS::Subscription"), key=lambda one: one["Protocol"]
    )

    assert function["FilterPolicy"] == {"kind": ["a", {"prefix": "b"}]}
    assert queue["FilterPolicy"] == {"order": {"gift": [True]}}
    assert queue["FilterPolicyScope"] == "MessageBody"
    assert queue["RawMessageDelivery"] is True


def test_one_function_can_subscribe_to_several_topics(backend):
    assembly = backend(
        """
mail = Function(stack, "mail", handler="functions/reminders.send")
Topic(stack, "orders", subscribers={"mail": mail})
Topic(stack, "refunds", subscribers={"mail": mail})
"""
    )

    assert len(assembly.resources("backend", "AWS::SNS::Subscription")) == 2
    assert [trigger.label for trigger in only(assembly.manifest.functions).triggers] == [
        "topic orders",
        "topic refunds",
    ]


def test_a_fifo_topic_delivers_to_a_fifo_queue(backend):
    assembly = backend('Topic(stack, "orders", fifo=True, subscribers={"q": Queue(stack, "q", fifo=True)})')

    assert only(assembly.resources("backend", "AWS::SNS::Topic"))["FifoTopic"] is True


def test_a_bucket_is_private_encrypted_and_reached_by_tls_only(backend):
    assembly = backend('Bucket(stack, "photos")')
    bucket = only(assembly.resources("backend", "AWS::S3::Bucket"))
    policy = only(assembly.resources("backend", "AWS::S3::BucketPolicy"))["PolicyDocument"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "ServerSideEncryptionConfiguration" in bucket["BucketEncryption"]
    assert bucket["CorsConfiguration"]["CorsRules"][0]["AllowedOrigins"] == ["*"]
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_notified_function_can_be_bound_to_the_bucket(backend):
    assembly = backend(
        """
photos = Bucket(stack, "photos", notifications={
    "thumbnail": {"function": "functions/notes.get", "events": "object_created", "prefix": "in/", "suffix": ".jpg"},
})
photos.functions["thumbnail"].bind([photos])
"""
    )
    custom = only(assembly.resources("backend", "Custom::S3BucketNotifications"))
    notification = only(custom["NotificationConfiguration"]["LambdaFunctionConfigurations"])

    assert notification["Events"] == ["s3:ObjectCreated:*"]
    assert sorted(rule["Value"] for rule in notification["Filter"]["Key"]["FilterRules"]) == [".jpg", "in/"]


def test_notifications_with_different_suffixes_stand_side_by_side(backend):
    assembly = backend(
        """
Bucket(stack, "photos", notifications={
    "jpg": {"function": "functions/notes.get", "suffix": ".jpg"},
    "png": {"function": "functions/notes.create", "suffix": ".png"},
})
"""
    )
    custom = only(assembly.resources("backend", "Custom::S3BucketNotifications"))

    assert len(custom["NotificationConfiguration"]["LambdaFunctionConfigurations"]) == 4


def test_a_bucket_with_public_access_lets_its_objects_have_acls(backend):
    bucket = only(
        backend('Bucket(stack, "site", block_public_access=False, cors=False)').resources(
            "backend", "AWS::S3::Bucket"
        )
    )

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {False}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    assert "CorsConfiguration" not in bucket


def test_a_stream_is_read_as_its_consumer_says(backend):
    assembly = backend(
        """
KinesisStream(stack, "clicks", shards=None, retention="7 days", consumers={"count": {
    "function": {"handler": "functions/notes.get", "timeout": 30},
    "batch_size": 50, "batch_window": "5 seconds", "filters": [{"data": {"page": ["home"]}}],
    "starting_position": "trim_horizon", "retries": 3, "bisect": True, "max_age": "1 hour",
    "parallelization": 2, "partial_failures": True, "on_failure": Queue(stack, "failed"),
}})
"""
    )
    mapping = only(assembly.resources("backend", "AWS::Lambda::EventSourceMapping"))
    stream = only(assembly.resources("backend", "AWS::Kinesis::Stream"))

    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert stream["RetentionPeriodHours"] == 168
    assert mapping["FilterCriteria"] == {"Filters": [{"Pattern": '{"data": {"page": ["home"]}}'}]}
    assert {
        name: mapping[name] for name in mapping if name.startswith(("Max", "Bis", "Par", "Start", "Batch"))
    } == {
        "BatchSize": 50,
        "BisectBatchOnFunctionError": True,
        "MaximumBatchingWindowInSeconds": 5,
        "MaximumRecordAgeInSeconds": 3600,
        "MaximumRetryAttempts": 3,
        "ParallelizationFactor": 2,
        "StartingPosition": "TRIM_HORIZON",
    }
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "OnFailure" in mapping["DestinationConfig"]


def test_a_consumer_of_a_queue_gets_what_its_filters_let_through(backend):
    assembly = backend(
        'Queue(stack, "jobs", consumer="functions/reminders.send", filters=[{"body": {"kind": ["a"]}}], max_concurrency=5)'
    )
    mapping = only(assembly.resources("backend", "AWS::Lambda::EventSourceMapping"))

    assert mapping["FilterCriteria"] == {"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}]}
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}


def test_a_table_streams_its_changes_to_consumers_and_to_kinesis(backend):
    assembly = backend(
        """
Table(stack, "notes", partition_key=("id", "string"), sort_key=("at", "number"), stream="new_image",
    local_indexes={"byTag": {"sort_key": ("tag", "string"), "projection": "keys_only"}},
    kinesis_stream=KinesisStream(stack, "copies"),
    consumers={"search": {"function": "functions/notes.get", "filters": [{"eventName": ["INSERT"]}], "retries": 2}})
"""
    )
    table = only(assembly.resources("backend", "AWS::DynamoDB::Table"))
    mapping = only(assembly.resources("backend", "AWS::Lambda::EventSourceMapping"))

    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert "StreamArn" in table["KinesisStreamSpecification"]
    assert only(table["LocalSecondaryIndexes"])["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert (mapping["StartingPosition"], mapping["MaximumRetryAttempts"]) == ("LATEST", 2)
    assert only(only(assembly.manifest.functions).triggers).label == "table notes"


def test_consumers_turn_the_stream_of_a_table_on(backend):
    assembly = backend(
        'Table(stack, "notes", partition_key=("id", "string"), consumers={"a": "functions/notes.get"})'
    )

    assert only(assembly.resources("backend", "AWS::DynamoDB::Table"))["StreamSpecification"] == {
        "StreamViewType": "NEW_AND_OLD_IMAGES"
    }


def test_an_alarm_calls_functions_and_tells_topics(backend):
    assembly = backend(
        """
jobs = Queue(stack, "jobs")
page = Function(stack, "page", handler="functions/notes.get")
Alarm(stack, "stuck", threshold=300, metric=jobs.cdk.queue.metric_approximate_age_of_oldest_message(),
    on_alarm=page, on_ok=page, on_no_data=Topic(stack, "silence"), periods=3, datapoints=2, missing="not_breaching")
Alarm(stack, "many", threshold=10, comparison=">", on_alarm=page,
    metric={"namespace": "Shop", "name": "Errors", "dimensions": {"a": "b"}, "statistic": "Sum", "period": 60})
"""
    )
    many, stuck = sorted(
        assembly.resources("backend", "AWS::CloudWatch::Alarm"), key=lambda one: one["Threshold"]
    )

    assert (many["ComparisonOperator"], many["Dimensions"]) == (
        "GreaterThanThreshold",
        [{"Name": "a", "Value": "b"}],
    )
    assert (stuck["EvaluationPeriods"], stuck["DatapointsToAlarm"], stuck["TreatMissingData"]) == (
        3,
        2,
        "notBreaching",
    )
    assert stuck["AlarmActions"] == stuck["OKActions"] != stuck["InsufficientDataActions"]
    assert "Arn" in json.dumps(stuck["AlarmActions"])
    # The policy of a topic takes the place of the one that lets alarms publish.
    (policy,) = assembly.resources("backend", "AWS::SNS::TopicPolicy")
    allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert [(one["Action"], one["Principal"], one["Condition"]) for one in allowed] == [
        (
            "sns:Publish",
            {"Service": "cloudwatch.amazonaws.com"},
            {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        )
    ]


@pytest.mark.parametrize(
    ("construct", "policy", "count"),
    [
        ('Queue(stack, "q", dead_letter=True)', "AWS::SQS::QueuePolicy", 2),
        ('Topic(stack, "t")', "AWS::SNS::TopicPolicy", 1),
        ('Bucket(stack, "b")', "AWS::S3::BucketPolicy", 1),
        ('Function(stack, "f", handler="functions/notes.get", dead_letter=True)', "AWS::SQS::QueuePolicy", 1),
    ],
)
def test_requests_without_tls_are_refused(backend, construct, policy, count):
    documents = [one["PolicyDocument"] for one in backend(construct).resources("backend", policy)]

    assert [
        any(
            one["Effect"] == "Deny" and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for one in document["Statement"]
        )
        for document in documents
    ] == [True] * count


def test_what_is_bound_to_a_construct_reaches_the_functions_that_come_later_too(backend):
    assembly = backend(
        """
orders = Topic(stack, "orders", subscribers={"mail": "functions/reminders.send"})
orders.bind([Queue(stack, "sent", consumer="functions/digest.run", bind=[orders])])
orders.add_subscribers({"count": "functions/notes.create"})
"""
    )
    bound = {entry.function: entry.bindings for entry in assembly.manifest.functions}

    assert bound == {"send": ["backend/sent"], "create": ["backend/sent"], "run": ["backend/orders"]}


METRICS = {
    'Table(stack, "it", partition_key=("id", "string")).cdk.table.metric_throttled_requests_for_operation("PutItem")': "AWS/DynamoDB",
    'Queue(stack, "it").cdk.queue.metric_approximate_age_of_oldest_message()': "AWS/SQS",
    'Topic(stack, "it").cdk.topic.metric_number_of_notifications_failed()': "AWS/SNS",
    'KinesisStream(stack, "it").cdk.stream.metric_get_records_iterator_age_milliseconds()': "AWS/Kinesis",
    'Function(stack, "it", handler="functions/notes.get").cdk.function.metric_errors()': "AWS/Lambda",
    'Database(stack, "it").cdk.cluster.metric_cpu_utilization()': "AWS/RDS",
    'Api(stack, "it", routes={"GET /": "functions/notes.get"}).cdk.http_api.metric_server_error()': "AWS/ApiGateway",
}


@pytest.mark.parametrize("metric", METRICS)
def test_an_alarm_watches_the_metric_of_a_construct(backend, metric):
    assembly = backend(
        f'Alarm(stack, "watch", metric={metric}, threshold=1, on_alarm="functions/notes.create")'
    )
    alarm = only(assembly.resources("backend", "AWS::CloudWatch::Alarm"))

    assert alarm["Namespace"] == METRICS[metric]
    assert '{"Ref": ' in json.dumps(alarm["Dimensions"]) or "Fn::GetAtt" in json.dumps(alarm["Dimensions"])
    assert len(alarm["AlarmActions"]) == 1
