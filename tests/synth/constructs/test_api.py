from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_routes_are_written_as_api_gateway_wants_them(backend):
    assembly = backend(
        """
Api(stack, "api", routes={
    "get   /notes": "functions/notes.list_notes",
    "ANY /notes/{id}": "functions/notes.get",
    "POST /files/{proxy+}": "functions/notes.create",
    " $default ": "functions/digest.run",
})
"""
    )

    assert sorted(
        route["RouteKey"] for route in assembly.resources("backend", "AWS::ApiGatewayV2::Route")
    ) == [
        "$default",
        "ANY /notes/{id}",
        "GET /notes",
        "POST /files/{proxy+}",
    ]


def test_one_handler_on_two_routes_is_one_function_with_one_permission(backend):
    assembly = backend(
        'Api(stack, "api", routes={"GET /a": "functions/notes.get", "GET /b": "functions/notes.get"})'
    )

    assert len(assembly.resources("backend", "AWS::Lambda::Function")) == 1
    assert len(assembly.resources("backend", "AWS::Lambda::Permission")) == 1
    assert len(assembly.resources("backend", "AWS::ApiGatewayV2::Route")) == 2
    assert [trigger.label for trigger in only(assembly.manifest.functions).triggers] == ["GET /a", "GET /b"]


def test_a_new_route_does_not_replace_the_functions_of_others(backend, project, monkeypatch, tmp_path):
    before = backend('Api(stack, "api", routes={"GET /b": "functions/notes.get"})').manifest.functions
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "after"))
    after = backend(
        'Api(stack, "api", routes={"GET /a": "functions/notes.get", "GET /b": "functions/notes.get"})'
    ).manifest.functions

    assert only(after).logical_id == only(before).logical_id


def test_settings_on_a_route_make_a_function_of_their_own(backend):
    assembly = backend(
        """
Api(stack, "api", routes={
    "GET /a": "functions/notes.get",
    "GET /b": FunctionProps(handler="functions/notes.get", timeout=29),
})
"""
    )

    assert [entry.timeout_seconds for entry in assembly.manifest.functions] == [10, 29]


def test_resources_of_the_api_are_bound_to_existing_functions_too(backend):
    manifest = backend(
        """
notes = Table(stack, "notes", partition_key=("id", "string"))
get = Function(stack, "get", handler="functions/notes.get")
Api(stack, "api", bind=[notes], routes={"GET /a": get, "GET /b": "functions/notes.create"})
"""
    ).manifest

    assert {entry.name: entry.bindings for entry in manifest.functions} == {
        "get": ["backend/notes"],
        "create": ["backend/notes"],
    }


def test_routes_can_be_added_and_their_functions_found(project):
    names = project.run(
        """
from sundog import Api, App, Stack
app = App()
api = Api(Stack(app, "backend"), "api")
api.add_routes({"GET /a": "functions/notes.get"})
"""
    )

    assert names["api"].routes == ["GET /a"]
    assert names["api"].function("get /a").id == "functions_notes.get"


def test_an_existing_http_api_gets_the_routes(backend):
    assembly = backend(
        """
from aws_cdk import aws_apigatewayv2 as apigateway
raw = apigateway.HttpApi(stack, "raw")
Api(stack, "api", routes={"GET /a": "functions/notes.get"}, cdk={"http_api": raw})
"""
    )

    assert len(assembly.resources("backend", "AWS::ApiGatewayV2::Api")) == 1
    assert len(assembly.resources("backend", "AWS::ApiGatewayV2::Route")) == 1


def test_an_api_that_was_looked_up_gets_the_routes(backend):
    assembly = backend(
        """
from aws_cdk import aws_apigatewayv2 as apigateway
there = apigateway.HttpApi.from_http_api_attributes(stack, "there", http_api_id="abc", api_endpoint="https://a.example")
api = Api(stack, "api", cdk={"http_api": there}, routes={"GET /a": "functions/notes.get", "$default": "functions/notes.get"})
stack.outputs(Url=api.url)
"""
    )
    routes = assembly.resources("backend", "AWS::ApiGatewayV2::Route")

    assert [(one["ApiId"], one["RouteKey"]) for one in routes] == [("abc", "GET /a"), ("abc", "$default")]
    assert assembly.template("backend")["Outputs"]["Url"]["Value"] == "https://a.example"


def test_a_bound_api_tells_its_url_and_grants_nothing(backend):
    assembly = backend('Function(stack, "f", handler="functions/notes.get", bind=[Api(stack, "web")])')
    variables = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]

    assert "ApiEndpoint" in json.dumps(variables["SUNDOG_RESOURCE_WEB"])
    assert assembly.resources("backend", "AWS::IAM::Policy") == []


def test_a_route_calls_a_service_with_a_role_that_may_do_just_that(backend):
    assembly = backend(
        """
jobs = Queue(stack, "jobs")
bus = aws_cdk.aws_events.EventBus(stack, "bus")
stream = aws_cdk.aws_kinesis.Stream(stack, "stream")
machine = aws_cdk.aws_stepfunctions.StateMachine(
    stack, "machine", definition_body=aws_cdk.aws_stepfunctions.DefinitionBody.from_chainable(
        aws_cdk.aws_stepfunctions.Pass(stack, "pass")))
Api(stack, "api", routes={
    "POST /jobs": {"aws": "SQS-SendMessage", "on": jobs, "parameters": {"MessageBody": "$request.body"}},
    "POST /events": {"aws": "EventBridge-PutEvents", "on": bus, "parameters": {
        "Source": "notes", "DetailType": "created", "Detail": "$request.body"}},
    "POST /records": {"aws": "Kinesis-PutRecord", "on": stream, "parameters": {
        "Data": "$request.body", "PartitionKey": "$context.requestId"}},
    "POST /runs": {"aws": "StepFunctions-StartExecution", "on": machine, "parameters": {"Input": "$request.body"}},
    "DELETE /runs": {"aws": "StepFunctions-StopExecution", "on": machine, "parameters": {
        "ExecutionArn": "$request.querystring.run"}},
    "GET /settings": {"aws": "AppConfig-GetConfiguration", "on": "arn:aws:appconfig:x", "parameters": {
        "Application": "a", "Environment": "b", "Configuration": "c", "ClientId": "$context.requestId"}},
})
"""
    )
    integrations = {
        one["IntegrationSubtype"]: one
        for one in assembly.resources("backend", "AWS::ApiGatewayV2::Integration")
    }
    granted = {
        statement["Action"]: json.dumps(statement["Resource"])
        for policy in assembly.resources("backend", "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
    }

    assert len(integrations) == 6
    assert integrations["SQS-SendMessage"]["RequestParameters"]["MessageBody"] == "$request.body"
    assert "Ref" in integrations["SQS-SendMessage"]["RequestParameters"]["QueueUrl"]
    assert "StreamName" in integrations["Kinesis-PutRecord"]["RequestParameters"]
    assert "EventBusName" in integrations["EventBridge-PutEvents"]["RequestParameters"]
    assert all(one["PayloadFormatVersion"] == "1.0" for one in integrations.values())
    assert "jobs" in granted["sqs:SendMessage"]
    assert ":execution:" in granted["states:StopExecution"]
    assert granted["appconfig:GetConfiguration"] == '"arn:aws:appconfig:x"'
    assert "*" not in granted["events:PutEvents"]


def test_a_route_reaches_a_load_balancer_through_a_link(backend):
    assembly = backend(
        """
balancing = aws_cdk.aws_elasticloadbalancingv2
vpc = aws_cdk.aws_ec2.Vpc(stack, "vpc")
alb = balancing.ApplicationLoadBalancer(stack, "alb", vpc=vpc).add_listener("http", port=80,
    default_action=balancing.ListenerAction.fixed_response(200))
nlb = balancing.NetworkLoadBalancer(stack, "nlb", vpc=vpc).add_listener("tcp", port=80,
    default_target_groups=[balancing.NetworkTargetGroup(stack, "group", port=80, vpc=vpc)])
Api(stack, "api", routes={"GET /a": {"alb": alb}, "GET /b": {"nlb": nlb, "method": "POST"}})
"""
    )
    made = assembly.resources("backend", "AWS::ApiGatewayV2::Integration")

    assert {one["ConnectionType"] for one in made} == {"VPC_LINK"}
    assert sorted(one["IntegrationMethod"] for one in made) == ["ANY", "POST"]
    assert len(assembly.resources("backend", "AWS::ApiGatewayV2::VpcLink")) == 1


def test_bind_reaches_the_functions_that_are_there_and_those_to_come(backend):
    assembly = backend(
        """
api = Api(stack, "api", routes={"GET /a": "functions/notes.get"})
api.bind([Table(stack, "notes", partition_key=("id", "string"))])
api.add_routes({"GET /b": "functions/notes.create"})
"""
    )

    assert [function.bindings for function in assembly.manifest.functions] == [["backend/notes"]] * 2


def test_the_payload_format_of_the_api_is_that_of_routes_that_say_none(backend):
    assembly = backend(
        """
Api(stack, "api", payload_format="1.0", routes={
    "GET /a": "functions/notes.get",
    "GET /b": {"handler": "functions/notes.get", "payload_format": "2.0"},
})
"""
    )

    formats = [
        one["PayloadFormatVersion"] for one in assembly.resources("backend", "AWS::ApiGatewayV2::Integration")
    ]
    assert sorted(formats) == ["1.0", "2.0"]


def test_a_request_to_a_url_is_changed_on_its_way(backend):
    assembly = backend(
        """
Api(stack, "api", routes={"ANY /old/{proxy+}": {
    "url": "https://example.com/{proxy}", "method": "post", "timeout": "2 seconds",
    "parameters": {"overwrite:header.x-from": "$request.header.origin"},
}})
"""
    )
    integration = only(assembly.resources("backend", "AWS::ApiGatewayV2::Integration"))

    assert (integration["IntegrationMethod"], integration["TimeoutInMillis"]) == ("POST", 2000)
    assert integration["RequestParameters"] == {"overwrite:header.x-from": "$request.header.origin"}


def test_permissions_reach_the_functions_that_are_there_and_those_to_come(backend):
    assembly = backend(
        """
api = Api(stack, "api", routes={"GET /a": "functions/notes.get"})
api.add_permissions("ses:SendEmail")
api.add_routes({"GET /b": "functions/notes.create"})
"""
    )
    policies = assembly.resources("backend", "AWS::IAM::Policy")

    assert [only(one["PolicyDocument"]["Statement"])["Action"] for one in policies] == ["ses:SendEmail"] * 2
