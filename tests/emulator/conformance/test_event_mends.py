"""Mends of what pushes events: topics, rules, alarms, buckets. Without them the emulator shows the defect."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

REGION = "eu-west-1"
ROLE = "arn:aws:iam::000000000000:role/conformance"


def test_a_topic_hands_events_to_lambda_which_tries_again_and_keeps_what_failed(mended, failing):
    url, dead_letters = mended.aws.queue()
    name, arn = mended.function(failing, DeadLetterConfig={"TargetArn": dead_letters})
    topic = mended.topic(("lambda", arn))

    mended.aws.client("sns").publish(TopicArn=topic, Message="hello")
    [dead] = mended.aws.messages(url)

    assert json.loads(dead["Body"])["Records"][0]["Sns"]["Message"] == "hello"
    assert len(mended.seen(name)) == 3


def test_topic_functions_is_still_needed(unmended_bench, failing):
    url, dead_letters = unmended_bench.aws.queue()
    name, arn = unmended_bench.function(failing, DeadLetterConfig={"TargetArn": dead_letters})
    functions = unmended_bench.aws.client("lambda")
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    topic = unmended_bench.topic(("lambda", arn))

    unmended_bench.aws.client("sns").publish(TopicArn=topic, Message="from the topic")
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=b'"direct"')
    [dead] = unmended_bench.aws.messages(url)

    assert "from the topic" not in dead["Body"], "the emulator keeps what a topic's function failed on"


def test_a_rule_hands_events_to_lambda_and_writes_into_log_groups(mended, failing, wait_for):
    url, dead_letters = mended.aws.queue()
    name, arn = mended.function(failing, DeadLetterConfig={"TargetArn": dead_letters})
    group = f"/events/{name}"
    logs = mended.aws.client("logs")
    logs.create_log_group(logGroupName=group)
    log_arn = f"arn:aws:logs:{REGION}:000000000000:log-group:{group}"

    mended.rule({"Arn": arn}, {"Arn": log_arn})()
    [dead] = mended.aws.messages(url)
    logged = wait_for(lambda: logs.filter_log_events(logGroupName=group)["events"], "the event in the log")

    assert json.loads(dead["Body"])["detail"] == json.loads(logged[0]["message"])["detail"] == {"n": 1}
    assert len(mended.seen(name)) == 3


def test_rule_targets_is_still_needed(unmended_bench):
    url, queue = unmended_bench.aws.queue()
    logs = unmended_bench.aws.client("logs")
    logs.create_log_group(logGroupName="/events/none")

    unmended_bench.rule(
        {"Arn": f"arn:aws:logs:{REGION}:000000000000:log-group:/events/none"}, {"Arn": queue}
    )()
    [_arrived] = unmended_bench.aws.messages(url)

    assert logs.filter_log_events(logGroupName="/events/none")["events"] == [], "log groups are targets now"


def alarm(bench, *actions):
    name = f"alarm-{uuid.uuid4().hex[:8]}"
    watch = bench.aws.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName=name,
        Namespace="Shop",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=list(actions),
    )
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="tested")
    return name


def test_an_alarm_calls_a_function(mended, wait_for):
    name, arn = mended.function(lambda event, headers: None)

    alarm_name = alarm(mended, arn)
    [event] = wait_for(lambda: mended.seen(name), "the alarm")

    assert (event["source"], event["region"]) == ("aws.cloudwatch", REGION)
    assert event["alarmArn"].endswith(f":alarm:{alarm_name}")
    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert event["alarmData"]["state"]["reason"] == "tested"


def test_alarm_functions_is_still_needed(unmended_bench):
    url, queue = unmended_bench.aws.queue()
    name, arn = unmended_bench.function(lambda event, headers: None)

    alarm(unmended_bench, arn, unmended_bench.topic(("sqs", queue)))
    [_told] = unmended_bench.aws.messages(url)

    assert unmended_bench.seen(name) == [], "the emulator's alarms call functions now"


def test_an_alarm_watches_the_errors_of_a_function(mended, failing, wait_for):
    name, _ = mended.function(failing)
    watch = mended.aws.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": name}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    mended.aws.client("lambda").invoke(FunctionName=name)

    def state():
        return watch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]

    wait_for(lambda: state() == "ALARM", "the alarm")

    assert state() == "ALARM"


def notified_bucket(bench, queue):
    """Deploy a bucket with what the CDK makes for a notification; its function fails, as it does without boto3."""
    code = "def handler(event, context): raise RuntimeError('no boto3')"
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Handler": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": ROLE,
                "Code": {"ZipFile": code},
            },
        },
        "Notifications": {
            "Type": "Custom::S3BucketNotifications",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Handler", "Arn"]},
                "ServiceTimeout": 1,
                "BucketName": {"Ref": "Bucket"},
                "Managed": True,
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {
                            "Events": ["s3:ObjectCreated:*"],
                            "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}},
                            "QueueArn": queue,
                        }
                    ]
                },
            },
        },
    }
    return bench.aws.deploy(resources)


def test_notifications_of_a_bucket_are_set_without_the_cdks_function(mended):
    url, queue = mended.aws.queue()
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
            }
        ],
    }
    mended.aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(allowed)})
    stack = notified_bucket(mended, queue)
    bucket = mended.aws.resource(stack["StackName"], "Bucket")

    set_up = mended.aws.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    mended.aws.client("cloudformation").delete_stack(StackName=stack["StackName"])
    gone = mended.aws.settled(stack["StackId"])

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert set_up["QueueConfigurations"][0]["QueueArn"] == queue
    assert set_up["QueueConfigurations"][0]["Filter"]["Key"]["FilterRules"][0]["Value"] == ".jpg"
    assert gone["StackStatus"] == "DELETE_COMPLETE"


def test_bucket_notifications_is_still_needed(unmended_bench):
    _, queue = unmended_bench.aws.queue()

    assert notified_bucket(unmended_bench, queue)["StackStatus"] != "CREATE_COMPLETE"


def deploy_with_rule(bench, url_and_arn):
    """Deploy a stack whose own rule waits for it, as `warm=` makes one; return the stack's id."""
    _, arn = url_and_arn
    name = f"stack-{uuid.uuid4().hex[:8]}"
    pattern = {
        "source": ["aws.cloudformation"],
        "detail-type": ["CloudFormation Stack Status Change"],
        "detail": {
            "stack-id": [{"Ref": "AWS::StackId"}],
            "status-details": {"status": ["CREATE_COMPLETE", "UPDATE_COMPLETE"]},
        },
    }

    def deploy(description):
        rule = {
            "Description": description,
            "EventPattern": pattern,
            "ScheduleExpression": "rate(5 minutes)",
            "Targets": [{"Id": "queue", "Arn": arn}],
        }
        return bench.aws.deploy({"Rule": {"Type": "AWS::Events::Rule", "Properties": rule}}, name=name)[
            "StackId"
        ]

    return deploy


def test_a_rule_hears_that_its_stack_was_deployed_and_updated(mended):
    url, arn = mended.aws.queue()
    deploy = deploy_with_rule(mended, (url, arn))

    identity = deploy("first")
    [created] = mended.aws.messages(url)
    deploy("second")
    told = [json.loads(one["Body"]) for one in mended.aws.messages(url)]

    first = json.loads(created["Body"])
    assert first["detail-type"] == "CloudFormation Stack Status Change"
    assert first["resources"] == [identity]
    assert first["detail"]["status-details"]["status"] == "CREATE_COMPLETE"
    statuses = {one["detail"]["status-details"]["status"] for one in told}
    assert "UPDATE_COMPLETE" in statuses


def test_stack_status_events_is_still_needed(unmended_bench):
    url, arn = unmended_bench.aws.queue()
    deploy_with_rule(unmended_bench, (url, arn))("first")

    assert unmended_bench.aws.messages(url, seconds=1) == [], "the emulator tells rules of stacks by itself"


def stack_of_a_kept_bus(bench, name):
    resources = {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}},
        "Archive": {
            "Type": "AWS::Events::Archive",
            "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}, "RetentionDays": 7},
        },
    }
    return bench.aws.deploy(resources)["StackStatus"]


def test_a_stack_has_an_archive_whose_events_are_replayed(mended, wait_for):
    name = f"bus-{uuid.uuid4().hex[:8]}"
    assert stack_of_a_kept_bus(mended, name) == "CREATE_COMPLETE"
    events = mended.aws.client("events")
    arn = f"arn:aws:events:{REGION}:000000000000:event-bus/{name}"
    function, function_arn = mended.function(lambda event, headers: None)
    events.put_rule(Name=name, EventBusName=name, EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "1", "Arn": function_arn}])
    (archive,) = events.list_archives(EventSourceArn=arn)["Archives"]
    begin = datetime.now(UTC) - timedelta(minutes=1)

    events.put_events(
        Entries=[{"EventBusName": name, "Source": "shop", "DetailType": "sold", "Detail": '{"n": 1}'}]
    )
    wait_for(lambda: mended.seen(function), "the event itself")
    events.start_replay(
        ReplayName=name,
        EventSourceArn=events.describe_archive(ArchiveName=archive["ArchiveName"])["ArchiveArn"],
        EventStartTime=begin,
        EventEndTime=datetime.now(UTC) + timedelta(minutes=1),
        Destination={"Arn": arn},
    )
    first, second = wait_for(
        lambda: mended.seen(function) if len(mended.seen(function)) > 1 else None, "the replayed event"
    )

    assert archive["RetentionDays"] == 7
    assert (first["detail"], second["detail"], second["replay-name"]) == ({"n": 1}, {"n": 1}, name)


def test_event_archives_is_still_needed(unmended_bench):
    try:
        status = stack_of_a_kept_bus(unmended_bench, f"bus-{uuid.uuid4().hex[:8]}")
    except ClientError as error:
        status = str(error)

    assert status != "CREATE_COMPLETE", "the emulator's CloudFormation has archives"
