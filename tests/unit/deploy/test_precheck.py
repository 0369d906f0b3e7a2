import msgspec
import pytest

from sundog.aws.embedded.capabilities import embedded_capabilities
from sundog.deploy.assembly import StackTemplate
from sundog.deploy.plan import DeployPlan, StackPlan
from sundog.deploy.precheck import problems
from sundog.deploy.report import Report
from sundog.model.manifest import ConstructEntry, Manifest, SourcePlace, StackEntry
from sundog.model.project import Project, Settings

ENTRY = StackEntry(id="main", name="main", artifact_id="main", template_file="main.json")


@pytest.fixture
def report(tmp_path):
    place = SourcePlace(file="app.py", line=3)
    construct = ConstructEntry(
        stack="main", logical_id="Api", path="main/api", cloudformation_type="AWS::X::Y", place=place
    )
    manifest = Manifest(app="x", stage="local", stacks=[ENTRY], constructs=[construct])
    return Report(Project(root=tmp_path, settings=Settings(name="x")), manifest, lambda _event: None)


@pytest.fixture
def notices(report, monkeypatch):
    """What the report has told besides errors."""
    told = []
    monkeypatch.setattr(report, "_observer", told.append)
    return told


def found(report, content, body=b"{}", capabilities=None):
    template = StackTemplate(
        entry=ENTRY,
        body=body,
        content=content,
        tags={},
        parameters={},
        termination_protected=False,
        assets=(),
        template_asset=None,
        execution_role_arn=None,
        deploy_role_arn=None,
        bootstrap_version=None,
        bootstrap_parameter=None,
    )
    plan = StackPlan(template=template, template_hash="", action="create", deployed=None, depends_on=())
    plans = DeployPlan(stacks=(plan,))
    return [(error.code, error.what) for error in problems(plans, report, capabilities)]


def test_a_sound_template_has_no_problems(report):
    content = {
        "Parameters": {"Version": {"Default": "1"}},
        "Resources": {
            "Api": {"Properties": {"Name": {"Ref": "Version"}, "Stack": {"Ref": "AWS::StackName"}}},
            "Route": {
                "Properties": {"Api": {"Fn::GetAtt": ["Api", "Id"]}, "Other": {"Fn::GetAtt": "Api.Id"}}
            },
        },
    }

    assert found(report, content) == []


def test_a_reference_to_nothing_is_found_with_the_nearest_name(report):
    content = {"Resources": {"Api": {"Properties": {"To": [{"Ref": "Tabel"}]}}, "Table": {}}}

    assert found(report, content) == [
        ("SD-DEPLOY-005", "`main/api` refers to `Tabel`, which `main` does not have")
    ]


def test_too_many_resources_and_too_large_a_template_are_found_together(report):
    content = {"Resources": {f"R{number}": {} for number in range(501)}}

    assert found(report, content, body=b" " * 1_000_001) == [
        ("SD-DEPLOY-003", "the template of `main` has 1,000,001 bytes, 1,000,000 is the most"),
        ("SD-DEPLOY-003", "the stack `main` has 501 resources, 500 is the most"),
    ]


def test_a_parameter_that_nothing_gives_a_value_is_found(report):
    assert found(report, {"Parameters": {"Size": {"Type": "String"}}}) == [
        ("SD-DEPLOY-004", "the parameter `Size` of the stack `main` has no value")
    ]


def test_a_stack_that_does_not_change_is_not_checked(report):
    template = StackTemplate(
        entry=ENTRY,
        body=b"{}",
        content={"Parameters": {"Size": {}}},
        tags={},
        parameters={},
        termination_protected=False,
        assets=(),
        template_asset=None,
        execution_role_arn=None,
        deploy_role_arn=None,
        bootstrap_version=None,
        bootstrap_parameter=None,
    )
    plan = StackPlan(template=template, template_hash="", action="unchanged", deployed=None, depends_on=())

    assert problems(DeployPlan(stacks=(plan,)), report, None) == []
    assert problems(DeployPlan(stacks=(msgspec.structs.replace(plan, action="create"),)), report, None) != []


def test_parts_of_cognito_that_the_embedded_cloud_lacks_are_refused_by_name(report):
    content = {
        "Resources": {
            "Users": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {"LambdaConfig": {"CustomEmailSender": {"LambdaArn": "a"}, "PreSignUp": "b"}},
            },
            "Provider": {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": "https://a.example"}},
        }
    }

    assert found(report, content, capabilities=embedded_capabilities()) == [
        (
            "SD-UNSUPPORTED-022",
            "`Users` sets `LambdaConfig.CustomEmailSender`, which the embedded cloud ignores for an `AWS::Cognito::UserPool`",
        ),
        (
            "SD-UNSUPPORTED-021",
            "`Provider` is an `AWS::IAM::OIDCProvider`, which the embedded cloud cannot deploy",
        ),
    ]


def test_data_sources_that_the_embedded_cloud_cannot_ask_are_refused_by_name(report):
    lost = ("RelationalDatabaseConfig", "OpenSearchServiceConfig")
    content = {
        "Resources": {
            f"Source{name}": {"Type": "AWS::AppSync::DataSource", "Properties": {name: {"Anything": "a"}}}
            for name in (*lost, "DynamoDBConfig", "HttpConfig", "LambdaConfig")
        }
    }

    assert found(report, content, capabilities=embedded_capabilities()) == [
        (
            "SD-UNSUPPORTED-022",
            f"`Source{name}` sets `{name}`, which the embedded cloud ignores for an `AWS::AppSync::DataSource`",
        )
        for name in lost
    ]


@pytest.mark.parametrize(("number", "warned"), [(399, False), (400, True), (500, True)])
def test_a_stack_near_the_limit_is_told(report, notices, number, warned):
    resources = {f"Queue{one}": {"Type": "AWS::SQS::Queue"} for one in range(number)}

    assert found(report, {"Resources": resources}) == []
    expected = f"the stack `main` has {number} resources; 500 is the most"
    assert [notice.text.startswith(expected) for notice in notices] == ([True] if warned else [])


def test_a_type_of_which_the_cloud_makes_no_more_than_the_name_is_refused(report):
    content = {"Resources": {"Api": {"Type": "AWS::ElastiCache::CacheCluster", "Properties": {}}}}

    assert found(report, content, capabilities=embedded_capabilities()) == [
        (
            "SD-UNSUPPORTED-021",
            "`main/api` is an `AWS::ElastiCache::CacheCluster`, of which the embedded cloud makes no more than the name",
        )
    ]


@pytest.mark.parametrize(("engine", "is_refused"), [("aurora-postgresql", False), ("aurora-mysql", True)])
def test_a_property_is_refused_unless_its_value_is_followed(report, engine, is_refused):
    content = {"Resources": {"Api": {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": engine}}}}

    assert bool(found(report, content, capabilities=embedded_capabilities())) is is_refused


def test_a_property_that_says_no_is_not_set(report):
    def bucket(locked):
        properties = {"ObjectLockEnabled": locked}
        return {"Resources": {"Api": {"Type": "AWS::S3::Bucket", "Properties": properties}}}

    assert found(report, bucket(locked=False), capabilities=embedded_capabilities()) == []
    assert len(found(report, bucket(locked=True), capabilities=embedded_capabilities())) == 1


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::AppSync::DataSource", {"RelationalDatabaseConfig": {"RelationalDatabaseSourceType": "x"}}),
        ("AWS::AppSync::DataSource", {"OpenSearchServiceConfig": {"Endpoint": "x"}}),
        (
            "AWS::CloudFront::Distribution",
            {"DistributionConfig": {"CacheBehaviors": [{}, {"TrustedKeyGroups": ["x"]}]}},
        ),
        (
            "AWS::CloudFront::Distribution",
            {"DistributionConfig": {"DefaultCacheBehavior": {"LambdaFunctionAssociations": [{}]}}},
        ),
    ],
)
def test_what_would_be_ignored_is_refused_by_name(report, kind, properties):
    content = {"Resources": {"Api": {"Type": kind, "Properties": properties}}}
    ((code, what),) = found(report, content, capabilities=embedded_capabilities())

    assert code == "SD-UNSUPPORTED-022"
    assert "`main/api` sets" in what


def alarm_on(namespace, name, *dimensions):
    named = [{"Name": dimension, "Value": {"Ref": "Api"}} for dimension in dimensions]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": named}


def warnings(report, notices, **properties):
    content = {"Resources": {"Api": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}}
    assert found(report, content, capabilities=embedded_capabilities()) == []
    return [notice.text for notice in notices]


def test_an_alarm_that_can_never_go_off_is_told_with_its_metric_and_line(report, notices):
    table = alarm_on("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName")

    (told,) = warnings(report, notices, **table)

    assert told == (
        "`main/api` watches `ConsumedReadCapacityUnits` of `AWS/DynamoDB` by `TableName`, which the embedded cloud does "
        "not publish, so it never goes off (app.py:3)"
    )
    assert "set-alarm-state" in notices[0].fix


def test_a_metric_of_an_expression_that_is_never_published_is_told(report, notices):
    published, not_published = (
        {"Id": name.lower(), "MetricStat": {"Metric": alarm_on("AWS/Lambda", name, "FunctionName")}}
        for name in ("Errors", "ConcurrentExecutions")
    )
    expression = {"Id": "both", "Expression": "errors + concurrentexecutions"}

    (told,) = warnings(report, notices, Metrics=[expression, published, not_published])

    assert "`ConcurrentExecutions` of `AWS/Lambda`" in told


def test_a_published_metric_by_a_dimension_that_it_does_not_have_is_told(report, notices):
    (told,) = warnings(report, notices, **alarm_on("AWS/Lambda", "Errors", "FunctionName", "Resource"))

    assert "by `FunctionName` and `Resource`" in told


@pytest.mark.parametrize(
    "watched",
    [
        alarm_on("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
        alarm_on("AWS/ApiGateway", "5xx", "ApiId"),
        alarm_on("AWS/ApiGateway", "5XXError", "ApiName", "Stage"),
        alarm_on("AWS/Lambda", "Errors"),
        alarm_on("Shop", "FailedOrders"),
        alarm_on({"Fn::Sub": "${AWS::StackName}"}, "FailedOrders"),
    ],
)
def test_alarms_that_may_go_off_are_not_told(report, notices, watched):
    assert warnings(report, notices, **watched) == []
