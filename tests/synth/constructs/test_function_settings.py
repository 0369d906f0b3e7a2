"""What each setting of a function makes of the template."""

from __future__ import annotations

import inspect
import json

import pytest

import sundog
from sundog.constructs._function_props import FUNCTION_PROPS

pytestmark = pytest.mark.xdist_group("cdk")
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"


def only(items):
    (item,) = items
    return item


def subject(settings: str, before: str = "") -> str:
    return f'{before}\nf = Function(stack, "f", handler="functions/notes.get", {settings})'


def properties(assembly):
    return next(
        found
        for found in assembly.resources("backend", "AWS::Lambda::Function")
        if found["Handler"] == "functions/notes.get"
    )


def test_every_setting_is_an_argument_and_the_other_way_round():
    arguments = list(inspect.signature(sundog.Function.__init__).parameters)[3:]

    assert arguments == list(FUNCTION_PROPS)


def test_disk_tracing_and_concurrency_reach_lambda(backend):
    found = properties(backend(subject('disk="2 GB", tracing="active", reserved_concurrency=5')))

    assert found["EphemeralStorage"] == {"Size": 2048}
    assert found["TracingConfig"] == {"Mode": "Active"}
    assert found["ReservedConcurrentExecutions"] == 5


@pytest.mark.parametrize(("given", "mode"), [("pass_through", "PassThrough"), ("disabled", None)])
def test_tracing_can_be_left_to_the_caller_or_off(backend, given, mode):
    found = properties(backend(subject(f'tracing="{given}"')))

    assert found.get("TracingConfig", {}).get("Mode") == mode


def test_layers_are_arns_or_constructs(backend):
    own = """
from aws_cdk import aws_lambda as lambda_
tools = lambda_.LayerVersion(stack, "tools", code=lambda_.Code.from_asset("functions"))"""
    found = properties(
        backend(
            subject(
                f'layers=["{LAYER}", tools]',
                own.replace('"functions"', 'str(app.registry.project.root / "functions")'),
            )
        )
    )

    assert found["Layers"][0] == LAYER
    assert list(found["Layers"][1]) == ["Ref"]


def test_layers_of_the_defaults_are_kept(backend):
    found = properties(
        backend(f'stack.set_function_defaults(layers=["{LAYER}"])\n' + subject(f'layers=["{LAYER[:-1]}4"]'))
    )

    assert found["Layers"] == [LAYER, f"{LAYER[:-1]}4"]


def test_a_function_in_a_network(backend):
    network = """
from aws_cdk import aws_ec2 as ec2
vpc = ec2.Vpc(stack, "vpc", max_azs=2, nat_gateways=0)
group = ec2.SecurityGroup(stack, "group", vpc=vpc)"""
    isolated = '{"subnet_type": ec2.SubnetType.PRIVATE_ISOLATED}'
    found = properties(backend(subject(f"vpc=vpc, vpc_subnets={isolated}, security_groups=[group]", network)))

    assert len(found["VpcConfig"]["SubnetIds"]) == 2
    assert len(found["VpcConfig"]["SecurityGroupIds"]) == 1


def test_asynchronous_events_are_tried_again_as_often_as_asked(backend):
    assembly = backend(subject('retries=1, max_event_age="1 hour"'))
    config = only(assembly.resources("backend", "AWS::Lambda::EventInvokeConfig"))

    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (1, 3600)


DESTINATIONS = {
    "Queue": 'there = Queue(stack, "there")',
    "Function": 'there = Function(stack, "there", handler="functions/digest.run")',
    "sqs": 'from aws_cdk import aws_sqs\nthere = aws_sqs.Queue(stack, "there")',
    "sns": 'from aws_cdk import aws_sns\nthere = aws_sns.Topic(stack, "there")',
    "events": 'from aws_cdk import aws_events\nthere = aws_events.EventBus(stack, "there")',
    "s3": 'from aws_cdk import aws_s3\nthere = aws_s3.Bucket(stack, "there")',
    "imported": (
        'from aws_cdk import aws_sqs\nthere = aws_sqs.Queue.from_queue_arn(stack, "there", "arn:aws:sqs:eu-west-1:123456789012:there")'
    ),
    "destination": (
        "from aws_cdk import aws_lambda_destinations as to, aws_sns\n"
        'there = to.SnsDestination(aws_sns.Topic(stack, "there"))'
    ),
}


@pytest.mark.parametrize("kind", DESTINATIONS)
def test_results_go_to_whatever_lambda_can_send_to(backend, kind):
    assembly = backend(subject("on_success=there, on_failure=there", DESTINATIONS[kind]))
    config = only(assembly.resources("backend", "AWS::Lambda::EventInvokeConfig"))["DestinationConfig"]

    assert "there" in json.dumps(config["OnSuccess"])
    assert config["OnSuccess"] == config["OnFailure"]
    assert "there" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_dead_letters_have_a_queue_of_their_own(backend):
    assembly = backend(subject("dead_letter=True, cdk={'dead_letter_queue': {'queue_name': 'failed'}}"))
    queue = only(assembly.resources("backend", "AWS::SQS::Queue"))

    assert properties(assembly)["DeadLetterConfig"]["TargetArn"]
    assert (queue["QueueName"], queue["MessageRetentionPeriod"]) == ("failed", 14 * 24 * 3600)


def test_dead_letters_can_go_to_a_queue_or_a_topic_that_exists(backend):
    assembly = backend(
        """
from aws_cdk import aws_sns
Function(stack, "a", handler="functions/notes.get", dead_letter=Queue(stack, "failed"))
Function(stack, "b", handler="functions/notes.create", dead_letter=aws_sns.Topic(stack, "alarm"))
"""
    )
    targets = [
        found["DeadLetterConfig"]["TargetArn"]
        for found in assembly.resources("backend", "AWS::Lambda::Function")
    ]

    assert ["failed" in json.dumps(target) for target in targets] == [True, False]


def test_a_url_is_open_to_all_origins_unless_told_otherwise(backend):
    assembly = backend(subject("url=True"))
    url = only(assembly.resources("backend", "AWS::Lambda::Url"))

    assert url["AuthType"] == "NONE"
    assert url["Cors"] == {"AllowHeaders": ["*"], "AllowMethods": ["*"], "AllowOrigins": ["*"]}
    assert [trigger.kind for trigger in assembly.manifest.functions[0].triggers] == ["url"]


def test_a_url_has_settings(backend):
    cors = '{"allow_origins": ["https://a.example"], "allow_methods": ["get", "POST"], "max_age": "1 hour"}'
    streaming = f'url={{"auth": "iam", "streaming": True, "cors": {cors}}}'
    url = only(
        backend(f'Function(stack, "f", handler="functions/badge.handler", {streaming})').resources(
            "backend", "AWS::Lambda::Url"
        )
    )

    assert (url["AuthType"], url["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert url["Cors"] == {
        "AllowMethods": ["GET", "POST"],
        "AllowOrigins": ["https://a.example"],
        "MaxAge": 3600,
    }


def test_a_url_without_cors(backend):
    url = only(backend(subject('url={"cors": False}')).resources("backend", "AWS::Lambda::Url"))

    assert "Cors" not in url


def test_who_is_bound_to_a_function_with_a_url_may_call_it(backend):
    assembly = backend(
        subject('url={"auth": "iam"}')
        + '\nFunction(stack, "caller", handler="functions/digest.run", bind=[f])'
    )
    caller = next(
        found
        for found in assembly.resources("backend", "AWS::Lambda::Function")
        if found["Handler"] == "functions/digest.run"
    )

    assert "function_url" in json.dumps(caller["Environment"])
    assert "lambda:InvokeFunctionUrl" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_any_event_source_of_the_cdk_can_invoke_a_function(backend):
    assembly = backend(
        subject("timeout=5")
        + """
from aws_cdk import aws_kinesis as kinesis, aws_lambda as lambda_, aws_lambda_event_sources as sources
stream = kinesis.Stream(stack, "clicks")
f.add_event_source(sources.KinesisEventSource(stream, starting_position=lambda_.StartingPosition.LATEST), label="clicks")
"""
    )

    assert len(assembly.resources("backend", "AWS::Lambda::EventSourceMapping")) == 1
    (trigger,) = assembly.manifest.functions[0].triggers
    assert (trigger.kind, trigger.label) == ("kinesis", "clicks")


def test_an_imported_function_can_be_given_permissions(backend):
    assembly = backend(
        """
from aws_cdk import aws_lambda as lambda_
code = lambda_.Code.from_inline("def handler(event, context): pass")
raw = lambda_.Function(stack, "raw", code=code, handler="index.handler", runtime=lambda_.Runtime.PYTHON_3_12)
Function(stack, "list", permissions=["s3:GetObject"], cdk={"function": raw})
"""
    )

    assert "s3:GetObject" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_the_log_of_defaults_is_configured_too(backend):
    assembly = backend(
        'stack.set_function_defaults(cdk={"log_group": {"log_group_class": "INFREQUENT_ACCESS"}})\n'
        + subject("log_retention_days=30")
    )
    group = only(assembly.resources("backend", "AWS::Logs::LogGroup"))

    assert (group["LogGroupClass"], group["RetentionInDays"]) == ("INFREQUENT_ACCESS", 30)


def test_a_level_asks_for_a_log_in_json(backend):
    found = properties(backend(subject('log_level="warn", system_log_level="INFO"')))

    assert found["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "WARN",
        "SystemLogLevel": "INFO",
    }


@pytest.mark.parametrize(("given", "form"), [("json", "JSON"), ("text", "Text")])
def test_a_log_has_the_form_that_is_asked_for(backend, given, form):
    assert properties(backend(subject(f'log_format="{given}"')))["LoggingConfig"] == {"LogFormat": form}


def test_a_file_system_is_mounted_within_the_network(backend):
    before = """
from aws_cdk import aws_ec2 as ec2, aws_efs as efs, aws_lambda as lambda_
vpc = ec2.Vpc(stack, "vpc")
point = efs.FileSystem(stack, "files", vpc=vpc).add_access_point("point", path="/shared")"""
    assembly = backend(
        subject('vpc=vpc, file_system=lambda_.FileSystem.from_efs_access_point(point, "/mnt/files")', before)
    )

    assert only(properties(assembly)["FileSystemConfigs"])["LocalMountPath"] == "/mnt/files"


def test_permissions_and_variables_can_be_added_later(backend):
    assembly = backend(
        subject("timeout=3")
        + """
f.add_permissions("rekognition:DetectLabels")
f.add_permissions([(aws_cdk.aws_s3.Bucket(stack, "photos"), "grant_read")])
f.add_environment({"QUALITY": "80"})
"""
    )
    policy = only(assembly.resources("backend", "AWS::IAM::Policy"))["PolicyDocument"]["Statement"]

    assert properties(assembly)["Environment"] == {"Variables": {"QUALITY": "80"}}
    assert [statement["Action"] for statement in policy] == [
        "rekognition:DetectLabels",
        ["s3:GetObject*", "s3:GetBucket*", "s3:List*"],
    ]


@pytest.mark.parametrize("how", ["bind", "permissions"])
def test_a_bound_resource_can_be_narrowed_to_a_statement(backend, how):
    assembly = backend(
        subject(
            f"{how}=[(notes, iam.PolicyStatement(actions=['dynamodb:Query'], resources=[notes.table_arn]))]",
            'from aws_cdk import aws_iam as iam\nnotes = Table(stack, "notes", partition_key=("id", "string"))',
        )
    )
    policy = only(assembly.resources("backend", "AWS::IAM::Policy"))["PolicyDocument"]["Statement"]

    assert [statement["Action"] for statement in policy] == ["dynamodb:Query"]
    assert ("SUNDOG_RESOURCE_NOTES" in json.dumps(properties(assembly))) == (how == "bind")


EVENT_SOURCES = {
    "ApiEventSource": 'sources.ApiEventSource("GET", "/clicks")',
    "DynamoEventSource": "sources.DynamoEventSource(table, starting_position=LATEST)",
    "KinesisConsumerEventSource": "sources.KinesisConsumerEventSource(consumer, starting_position=LATEST)",
    "KinesisEventSource": "sources.KinesisEventSource(stream, starting_position=LATEST)",
    "ManagedKafkaEventSource": 'sources.ManagedKafkaEventSource(cluster_arn=CLUSTER, topic="t", starting_position=LATEST)',
    "S3EventSource": "sources.S3EventSource(bucket, events=[s3.EventType.OBJECT_CREATED])",
    "S3EventSourceV2": 'sources.S3EventSourceV2(bucket, events=[s3.EventType.OBJECT_CREATED], filters=[{"prefix": "a"}])',
    "SelfManagedKafkaEventSource": (
        'sources.SelfManagedKafkaEventSource(bootstrap_servers=["kafka:9092"], topic="t", starting_position=LATEST, '
        'vpc=ec2.Vpc(stack, "vpc"), vpc_subnets={"subnet_type": ec2.SubnetType.PRIVATE_WITH_EGRESS}, '
        'security_group=ec2.SecurityGroup.from_security_group_id(stack, "group", "sg-1"))'
    ),
    "SnsEventSource": 'sources.SnsEventSource(sns.Topic(stack, "topic"))',
    "SqsEventSource": "sources.SqsEventSource(queue)",
    "own": "Own()",
}
MADE_BY_SOURCES = {
    "AWS::ApiGateway::Method": 1,
    "AWS::Lambda::EventSourceMapping": 8,
    "AWS::SNS::Subscription": 1,
    "Custom::S3BucketNotifications": 1,
}


def test_every_event_source_of_the_cdk_is_among_those_that_are_tried():
    from aws_cdk import aws_lambda_event_sources as sources

    there = {name for name in dir(sources) if name.endswith(("EventSource", "EventSourceV2"))}

    assert there - {"StreamEventSource"} <= set(EVENT_SOURCES)


def test_any_event_source_of_the_cdk_and_ones_of_the_users_own_attach(backend):
    attached = "\n".join(
        f"f.add_event_source({source}, label={name!r})" for name, source in EVENT_SOURCES.items()
    )
    assembly = backend(
        subject(
            "timeout=3",
            """
import jsii
from aws_cdk import aws_dynamodb as dynamodb, aws_ec2 as ec2, aws_kinesis as kinesis, aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources, aws_s3 as s3, aws_sns as sns, aws_sqs as sqs
LATEST, CLUSTER = lambda_.StartingPosition.LATEST, "arn:aws:kafka:eu-west-1:123456789012:cluster/c/1"
queue, bucket, stream = sqs.Queue(stack, "queue"), s3.Bucket(stack, "bucket"), kinesis.Stream(stack, "stream")
consumer = kinesis.StreamConsumer(stack, "consumer", stream=stream, stream_consumer_name="c")
key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
table = dynamodb.Table(stack, "table", partition_key=key, stream=dynamodb.StreamViewType.NEW_IMAGE)
other = sqs.Queue(stack, "other")

@jsii.implements(lambda_.IEventSource)
class Own:
    def bind(self, target):
        target.add_event_source_mapping("Own", event_source_arn=other.queue_arn)
""",
        )
        + f"\n{attached}\nf.add_event_source(sources.SqsEventSource(other, batch_size=1))"
    )
    resources = assembly.template("backend")["Resources"].values()
    made = {kind: sum(one["Type"] == kind for one in resources) for kind in MADE_BY_SOURCES}
    entry = next(one for one in assembly.manifest.functions if one.id == "backend/f")

    assert made == MADE_BY_SOURCES
    assert [trigger.label for trigger in entry.triggers] == [*EVENT_SOURCES, "sqs events"]
