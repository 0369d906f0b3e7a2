"""Whether the mends are still needed: without one, the emulator shows the defect.

A failure here means that the pinned emulator does right by itself: remove the mend.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from sundog.aws.embedded.launcher.mends import MENDS, name_of

ROLE = "arn:aws:iam::000000000000:role/conformance"
EVERY_MEND = tuple(name_of(mend) for mend in MENDS)


@pytest.fixture(scope="module")
def unmended(run_cloud, aws_at, tmp_path_factory):
    with run_cloud(tmp_path_factory.mktemp("unmended"), skipped_mends=EVERY_MEND) as started:
        clients = aws_at(started.endpoint_url)
        clients.cloud = started
        yield clients


def made(aws, resource_type, properties):
    stack = aws.deploy({"It": {"Type": resource_type, "Properties": properties}})
    return stack, aws.resource(stack["StackName"], "It")


def cors_does_nothing(aws):
    cors = {"AllowOrigins": ["https://a.example"]}
    _, api = made(
        aws, "AWS::ApiGatewayV2::Api", {"Name": "a", "ProtocolType": "HTTP", "CorsConfiguration": cors}
    )
    return "AllowOrigins" not in aws.client("apigatewayv2").get_api(ApiId=api).get("CorsConfiguration", {})


def tags_are_dropped(aws):
    _, bucket = made(aws, "AWS::S3::Bucket", {"Tags": [{"Key": "a", "Value": "b"}]})
    with pytest.raises(Exception, match="NoSuchTagSet"):
        aws.client("s3").get_bucket_tagging(Bucket=bucket)
    return True


def function(code, **properties):
    return {"Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Code": code, **properties}


def function_properties_are_dropped(aws):
    inline = {"ZipFile": "def handler(event, context): return 1"}
    _, name = made(aws, "AWS::Lambda::Function", function(inline, ReservedConcurrentExecutions=3))
    return "ReservedConcurrentExecutions" not in aws.client("lambda").get_function_concurrency(
        FunctionName=name
    )


def missing_code_is_taken(aws):
    stack, _ = made(aws, "AWS::Lambda::Function", function({"S3Bucket": "none", "S3Key": "none"}))
    return stack["StackStatus"] == "CREATE_COMPLETE"


def table(key, **properties):
    return {
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        **properties,
    }


def items_are_deleted(aws):
    stack, name = made(aws, "AWS::DynamoDB::Table", table("id"))
    aws.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}})
    changed = {"It": {"Type": "AWS::DynamoDB::Table", "Properties": table("other")}}
    aws.deploy(changed, name=stack["StackName"])
    return aws.client("dynamodb").scan(TableName=name)["Count"] == 0


def time_to_live_is_dropped(aws):
    _, name = made(
        aws,
        "AWS::DynamoDB::Table",
        table("id", TimeToLiveSpecification={"AttributeName": "e", "Enabled": True}),
    )
    described = aws.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return described["TimeToLiveStatus"] == "DISABLED"


def time_zone_is_dropped(aws):
    properties = {
        "ScheduleExpression": "cron(0 9 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Paris",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:lambda:eu-west-1:000000000000:function:none", "RoleArn": ROLE},
    }
    _, name = made(aws, "AWS::Scheduler::Schedule", properties)
    return aws.client("scheduler").get_schedule(Name=name)["ScheduleExpressionTimezone"] == "UTC"


def crashed_custom_resource_waits(aws):
    resources = {
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": function({"ZipFile": "raise RuntimeError"}),
        },
        "It": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "ServiceTimeout": 1},
        },
    }
    return "timed out" in aws.reasons(aws.deploy(resources)["StackName"])


def failed_graphql_fields_have_data(aws):
    code = {"ZipFile": "def handler(event, context): raise ValueError('lost')"}
    _, name = made(aws, "AWS::Lambda::Function", function(code))
    described = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    graph = aws.client("appsync")
    api = graph.create_graphql_api(name="graph", authenticationType="API_KEY")["graphqlApi"]["apiId"]
    key = graph.create_api_key(apiId=api)["apiKey"]["id"]
    graph.start_schema_creation(apiId=api, definition=b"type Query { note: String }")
    graph.create_data_source(
        apiId=api, name="it", type="AWS_LAMBDA", lambdaConfig={"lambdaFunctionArn": described}
    )
    graph.create_resolver(apiId=api, typeName="Query", fieldName="note", dataSourceName="it")
    request = urllib.request.Request(
        f"{aws.endpoint_url}/v1/apis/{api}/graphql", b'{"query": "{ note }"}', {"x-api-key": key}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    return [error["message"] for error in answer.get("errors", [])] != ["lost"]


def function_errors_are_shown_by_rest_apis(aws):
    code = {"ZipFile": "def handler(event, context): raise ValueError('secret')"}
    _, name = made(aws, "AWS::Lambda::Function", function(code))
    described = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    gateway = aws.client("apigateway")
    api = gateway.create_rest_api(name="errors")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(
        restApiId=api,
        resourceId=root,
        httpMethod="GET",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{described}/invocations",
    )
    gateway.create_deployment(restApiId=api, stageName="live")
    with pytest.raises(urllib.error.HTTPError) as answered:
        urllib.request.urlopen(aws.cloud.cloud.url_for("api", api, stage="live") + "/", timeout=30)
    with answered.value as answer:
        return b"secret" in answer.read()


def function_errors_are_shown(aws):
    code = {"ZipFile": "def handler(event, context): raise ValueError('secret')"}
    _, name = made(aws, "AWS::Lambda::Function", function(code))
    described = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    url = http_api(
        aws,
        "$default",
        IntegrationType="AWS_PROXY",
        IntegrationUri=described,
        PayloadFormatVersion="2.0",
    )
    with pytest.raises(urllib.error.HTTPError) as answered:
        urllib.request.urlopen(url + "/", timeout=30)
    with answered.value as answer:
        return answer.code == 502


NOBODY = "arn:aws:lambda:eu-west-1:000000000000:function:nobody"
PASSWORD = "Passw0rd!"


def signed_up(aws, **triggers):
    """Sign a user up in a new pool with triggers; a trigger that is called fails, because it does not exist."""
    users = aws.client("cognito-idp")
    pool = users.create_user_pool(PoolName="p", LambdaConfig=triggers)["UserPool"]["Id"]
    client = users.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    email = [{"Name": "email", "Value": "ada@example.com"}]
    users.sign_up(ClientId=client, Username="ada", Password=PASSWORD, UserAttributes=email)
    return users, client


def signed_in(users, client, name="ada"):
    given = {"USERNAME": name, "PASSWORD": PASSWORD}
    return users.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)


def wrong_codes_confirm(aws):
    users, client = signed_up(aws)
    return users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="000000")


def confirmation_triggers_nothing(aws):
    users, client = signed_up(aws, PostConfirmation=NOBODY)
    return users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="123456")


def codes_are_not_customized(aws):
    return signed_up(aws, CustomMessage=NOBODY)


def nobody_is_migrated(aws):
    users, client = signed_up(aws, UserMigration=NOBODY)
    with pytest.raises(users.exceptions.UserNotFoundException, match="does not exist"):
        signed_in(users, client, "bob")
    return True


def sign_in_triggers_nothing(aws):
    users, client = signed_up(aws, PreAuthentication=NOBODY, PostAuthentication=NOBODY)
    users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="123456")
    return signed_in(users, client)


def failed_triggers_are_ignored(aws):
    code = {"ZipFile": "def handler(event, context): raise ValueError('no')"}
    _, name = made(aws, "AWS::Lambda::Function", function(code))
    arn = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    users, client = signed_up(aws, PreTokenGeneration=arn)
    users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="123456")
    return signed_in(users, client)


def http_api(aws, route_key, **integration):
    """Make an API with one route and return its address."""
    gateway = aws.client("apigatewayv2")
    api = gateway.create_api(Name="one-route", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    made = gateway.create_integration(ApiId=api, **integration)
    gateway.create_route(ApiId=api, RouteKey=route_key, Target=f"integrations/{made['IntegrationId']}")
    return aws.cloud.cloud.url_for("api", api)


def functions_get_another_format(aws):
    code = {"ZipFile": "def handler(event, context): return {'statusCode': 200, 'body': event['version']}"}
    _, name = made(aws, "AWS::Lambda::Function", function(code))
    described = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    url = http_api(
        aws,
        "GET /",
        IntegrationType="AWS_PROXY",
        IntegrationUri=described,
        PayloadFormatVersion="1.0",
    )
    with urllib.request.urlopen(url + "/", timeout=30) as answer:
        return answer.read() == b"2.0"


def http_urls_keep_their_parameters(aws):
    url = http_api(
        aws,
        "GET /up/{proxy+}",
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=f"{aws.endpoint_url}/_ministack/{{proxy}}",
        PayloadFormatVersion="1.0",
    )
    with pytest.raises(urllib.error.HTTPError) as answered:
        urllib.request.urlopen(url + "/up/health", timeout=30)
    with answered.value as answer:
        return answer.code != 200


def route_responses_are_unknown(aws):
    properties = {"ApiId": "none", "RouteId": "none", "RouteResponseKey": "$default"}
    with pytest.raises(Exception, match="AWS::ApiGatewayV2::RouteResponse"):
        made(aws, "AWS::ApiGatewayV2::RouteResponse", properties)
    return True


def websocket_functions_answer_unasked(aws):
    _, name = made(
        aws,
        "AWS::Lambda::Function",
        function({"ZipFile": "def handler(event, context): return {'statusCode': 200, 'body': 'unasked'}"}),
    )
    described = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    gateway = aws.client("apigatewayv2")
    api = gateway.create_api(
        Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    gateway.create_stage(ApiId=api, StageName="live", AutoDeploy=True)
    integration = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=described)
    gateway.create_route(
        ApiId=api, RouteKey="$default", Target=f"integrations/{integration['IntegrationId']}"
    )
    address = aws.cloud.cloud.url_for("api", api, stage="live").replace("http://", "ws://")
    with connect(address, open_timeout=30) as connection:
        connection.send("anything")
        return connection.recv(timeout=30) == "unasked"


def answer_of_a_distribution(aws):
    """The status that a site which insists on HTTPS answers with, and whether a distribution answered at all."""
    config = {
        "Enabled": True,
        "Origins": [{"Id": "o", "DomainName": "none.s3.amazonaws.com", "S3OriginConfig": {}}],
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }
    _, identity = made(aws, "AWS::CloudFront::Distribution", {"DistributionConfig": config})
    domain = aws.client("cloudfront").get_distribution(Id=identity)["Distribution"]["DomainName"]
    connection = http.client.HTTPConnection(urlsplit(aws.endpoint_url).netloc, timeout=30)
    try:
        connection.request("GET", "/", headers={"Host": domain.replace(".net", ".localhost")})
        answer = connection.getresponse()
        return answer.status, "CloudFront" in (answer.getheader("Via") or answer.getheader("X-Cache") or "")
    finally:
        connection.close()


def distributions_have_no_local_name(aws):
    return not answer_of_a_distribution(aws)[1]


def test_the_data_api_still_needs_a_database(unmended):
    rds = unmended.client("rds")
    user = {"MasterUsername": "postgres", "MasterUserPassword": "only-on-this-machine"}
    engine = {"Engine": "aurora-postgresql", "DBClusterIdentifier": "stub"}
    rds.create_db_cluster(**engine, **user, EnableHttpEndpoint=True)
    rds.create_db_instance(**engine, DBInstanceIdentifier="stub-1", DBInstanceClass="db.serverless")
    (cluster,) = rds.describe_db_clusters(DBClusterIdentifier="stub")["DBClusters"]
    secret = unmended.client("secretsmanager").create_secret(Name="stub", SecretString='{"password": "x"}')

    with pytest.raises(Exception, match="stub mode"):
        unmended.client("rds-data").execute_statement(
            resourceArn=cluster["DBClusterArn"], secretArn=secret["ARN"], sql="select 1"
        )


def test_mend_of_https_at_distributions_is_still_needed(run_cloud, aws_at, aws, tmp_path):
    with run_cloud(tmp_path / "cloud", skipped_mends=("distribution_https",)) as started:
        assert answer_of_a_distribution(aws_at(started.endpoint_url)) == (301, True)
    status, by_distribution = answer_of_a_distribution(aws)

    assert status != 301
    assert by_distribution


def placeholder(aws, zipped, **settings):
    aws.client("lambda").create_function(
        FunctionName="fn",
        Runtime="python3.12",
        Handler="index.handler",
        Role=ROLE,
        Code={"ZipFile": zipped({"README.txt": ""})},
        **settings,
    )


@pytest.mark.parametrize(
    ("mend", "shows_the_defect"),
    [
        ("http_api_cors", cors_does_nothing),
        ("http_api_function_error", function_errors_are_shown),
        ("graphql_lambda_resolver", failed_graphql_fields_have_data),
        ("rest_api_function_error", function_errors_are_shown_by_rest_apis),
        ("http_api_payload_format", functions_get_another_format),
        ("http_proxy_integration", http_urls_keep_their_parameters),
        ("websocket_route_response", route_responses_are_unknown),
        ("websocket_invocations", websocket_functions_answer_unasked),
        ("bucket_tags", tags_are_dropped),
        ("function_properties", function_properties_are_dropped),
        ("function_code", missing_code_is_taken),
        ("table_key", items_are_deleted),
        ("table_time_to_live", time_to_live_is_dropped),
        ("schedule_properties", time_zone_is_dropped),
        ("custom_resource_crash", crashed_custom_resource_waits),
        ("distribution_host", distributions_have_no_local_name),
        ("cognito_checks", wrong_codes_confirm),
        ("cognito_confirmation", confirmation_triggers_nothing),
        ("cognito_messages", codes_are_not_customized),
        ("cognito_migration", nobody_is_migrated),
        ("cognito_sign_in", sign_in_triggers_nothing),
        ("cognito_trigger_errors", failed_triggers_are_ignored),
    ],
)
def test_mend_is_still_needed(unmended, mend, shows_the_defect):
    assert mend in EVERY_MEND
    assert shows_the_defect(unmended), f"the emulator no longer needs the mend {mend}"


@pytest.fixture(scope="module")
def unmended_function(unmended, new_target, zipped):
    """A routed function of the unmended emulator with a dead-letter queue and a success destination."""
    target = new_target()
    url, arn = unmended.queue()
    placeholder(unmended, zipped, DeadLetterConfig={"TargetArn": arn})
    unmended.cloud.call(unmended.cloud.cloud.route, ["fn"], target.url, target.token)
    yield target, url
    target.server.shutdown()
    target.server.server_close()


def test_mend_of_asynchronous_invocations_is_still_needed(unmended, unmended_function, errors):
    target, url = unmended_function

    def fail(event, headers):
        raise errors.raised("Broken", "always")

    target.handlers["fn"] = fail
    functions = unmended.client("lambda")
    functions.put_function_event_invoke_config(FunctionName="fn", MaximumRetryAttempts=0)
    functions.invoke(FunctionName="fn", InvocationType="Event", Payload=b'{"a": 1}')
    [message] = unmended.messages(url)

    assert "requestContext" in json.loads(message["Body"]), (
        "the emulator no longer needs asynchronous_invocation"
    )


def test_mend_of_streamed_urls_is_still_needed(unmended, unmended_function):
    target, _ = unmended_function
    target.handlers["fn"] = lambda event, headers: {"statusCode": 202, "body": "streamed"}
    target.headers = {"X-Sundog-Http-Stream": "1"}
    created = unmended.client("lambda").create_function_url_config(
        FunctionName="fn", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )
    identity = created["FunctionUrl"].removeprefix("https://").partition(".")[0]

    with urllib.request.urlopen(unmended.cloud.cloud.url_for("function_url", identity), timeout=30) as answer:
        assert answer.status == 200, "the emulator no longer needs function_url_stream"
        assert json.load(answer)["body"] == "streamed"
    target.headers = {}


def test_mend_of_the_batching_window_is_still_needed(unmended, unmended_function, wait_for):
    target, _ = unmended_function
    target.handlers["fn"] = lambda event, headers: None
    target.seen.clear()
    url, arn = unmended.queue()
    unmended.client("lambda").create_event_source_mapping(
        FunctionName="fn", EventSourceArn=arn, BatchSize=10, MaximumBatchingWindowInSeconds=300
    )

    unmended.client("sqs").send_message(QueueUrl=url, MessageBody="at once")

    wait_for(lambda: target.seen.get("fn"), "the message, delivered before its window: the mend is needed")
