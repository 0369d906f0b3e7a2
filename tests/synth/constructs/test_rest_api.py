"""`RestApi`: what it makes of routes, authorizers, stages and APIs that exist."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_one_handler_on_two_routes_is_one_function_with_one_permission(backend):
    assembly = backend(
        'RestApi(stack, "api", routes={"GET /a/{id}": "functions/notes.get", "ANY /b/{proxy+}": "functions/notes.get"})'
    )
    methods = assembly.resources("backend", "AWS::ApiGateway::Method")

    assert len(assembly.resources("backend", "AWS::Lambda::Function")) == 1
    assert len(assembly.resources("backend", "AWS::Lambda::Permission")) == 1
    assert sorted(one["HttpMethod"] for one in methods if one["HttpMethod"] != "OPTIONS") == ["ANY", "GET"]
    assert {one["PathPart"] for one in assembly.resources("backend", "AWS::ApiGateway::Resource")} == {
        "a",
        "{id}",
        "b",
        "{proxy+}",
    }


def test_authorizers_are_made_for_routes_that_use_them(backend):
    assembly = backend(
        """
users = aws_cdk.aws_cognito.UserPool(stack, "users")
api = RestApi(
    stack,
    "api",
    authorizers={
        "members": {"type": "user_pools", "user_pools": [users]},
        "tokens": {"type": "lambda_token", "function": "functions/digest.run", "validation_regex": "^Bearer"},
        "requests": {"type": "lambda_request", "function": "functions/digest.run", "cache": "1 minute",
            "identity_sources": ["method.request.header.x-key"]},
        "unused": {"type": "lambda_token", "function": "functions/notes.create"},
    },
    authorizer="members",
    scopes=["read"],
    cors=False,
    routes={
        "GET /a": "functions/notes.get",
        "GET /b": {"handler": "functions/notes.get", "authorizer": "tokens"},
        "GET /c": {"handler": "functions/notes.get", "authorizer": "requests"},
        "GET /d": {"handler": "functions/notes.get", "authorizer": "iam"},
        "GET /e": {"handler": "functions/notes.get", "authorizer": "none", "api_key": True},
    },
)
Function(stack, "caller", handler="functions/notes.get", permissions=[(api, "grant_invoke")])
"""
    )
    made = {one["Type"]: one for one in assembly.resources("backend", "AWS::ApiGateway::Authorizer")}
    methods = sorted(
        (one["AuthorizationType"], one.get("AuthorizationScopes"), one.get("ApiKeyRequired"))
        for one in assembly.resources("backend", "AWS::ApiGateway::Method")
    )

    assert sorted(made) == ["COGNITO_USER_POOLS", "REQUEST", "TOKEN"]
    assert made["TOKEN"]["IdentityValidationExpression"] == "^Bearer"
    assert made["REQUEST"]["AuthorizerResultTtlInSeconds"] == 60
    assert methods == [
        ("AWS_IAM", None, None),
        ("COGNITO_USER_POOLS", ["read"], None),
        ("CUSTOM", None, None),
        ("CUSTOM", None, None),
        ("NONE", None, True),
    ]
    assert "execute-api:Invoke" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_the_stage_is_what_the_user_says(backend):
    assembly = backend(
        """
RestApi(stack, "api", routes={"GET /": "functions/notes.get"}, throttle={"rate": 5, "burst": 9}, tracing=False,
    access_log={"retention_days": 30}, cors={"allow_origins": ["https://a.example", "https://b.example"]},
    cdk={"rest_api": {"deploy_options": {"variables": {"color": "red"}}}})
"""
    )
    stage = only(assembly.resources("backend", "AWS::ApiGateway::Stage"))

    assert stage["StageName"] == "local"
    assert stage["Variables"] == {"color": "red"}
    assert stage["TracingEnabled"] is False
    assert stage["MethodSettings"][0]["ThrottlingRateLimit"] == 5
    assert "$context.requestId" in stage["AccessLogSetting"]["Format"]
    assert len(assembly.resources("backend", "AWS::ApiGateway::Account")) == 1
    # Two origins do not fit into one header.
    assert assembly.resources("backend", "AWS::ApiGateway::GatewayResponse") == []


def test_several_apis_with_logs_share_the_role_of_the_account(backend):
    assembly = backend(
        """
RestApi(stack, "api", routes={"GET /": "functions/notes.get"}, access_log=True)
WebSocketApi(stack, "chat", routes={"say": "functions/notes.get"}, access_log=True)
"""
    )

    assert len(assembly.resources("backend", "AWS::ApiGateway::Account")) == 1


def test_a_domain_is_mapped_to_the_stage(backend):
    assembly = backend(
        """
api = RestApi(stack, "api", routes={"GET /": "functions/notes.get"},
    domain={"name": "api.example.com", "hosted_zone": "Z0123456789ABC", "path": "v1"})
assert api.custom_domain_url == "https://api.example.com/v1"
"""
    )
    mapping = only(assembly.resources("backend", "AWS::ApiGatewayV2::ApiMapping"))

    assert mapping["ApiMappingKey"] == "v1"
    assert "Ref" in mapping["Stage"]


def test_an_existing_api_gets_routes_below_the_resources_that_it_has(backend):
    assembly = backend(
        """
existing = aws_cdk.aws_apigateway.RestApi.from_rest_api_attributes(
    stack, "existing", rest_api_id="abc", root_resource_id="root")
RestApi(stack, "api", cdk={"rest_api": existing}, stage_name="prod", resources={"/notes": "r1", "/notes/{id}": "r2"}, routes={
    "GET /notes": "functions/notes.get",
    "GET /notes/{id}/files": "functions/notes.get",
    "GET /other": "functions/notes.get",
})
"""
    )
    parents = {
        one["PathPart"]: one["ParentId"] for one in assembly.resources("backend", "AWS::ApiGateway::Resource")
    }
    (notes,) = [
        one
        for one in assembly.resources("backend", "AWS::ApiGateway::Method")
        if isinstance(one["ResourceId"], str)
    ]

    assert parents == {"files": "r2", "other": "root"}
    assert notes["ResourceId"] == "r1"


def test_a_stack_has_the_outputs_that_the_app_names_and_no_others(backend):
    api = 'RestApi(stack, "api", routes={"GET /notes": "functions/notes.list_notes"})'

    assert "Outputs" not in backend(api).template("backend")
    assert [*backend(f"stack.outputs(ApiUrl={api}.url)").template("backend")["Outputs"]] == ["ApiUrl"]


def test_a_route_has_limits_of_its_own_beside_those_of_the_api(backend):
    assembly = backend(
        """
RestApi(stack, "api", throttle={"rate": 100, "burst": 200}, routes={
    "GET /notes/{id}": {"handler": "functions/notes.get", "throttle": {"rate": 5}},
    "ANY /": {"handler": "functions/notes.get", "throttle": {"burst": 1}},
})
"""
    )
    settings = only(assembly.resources("backend", "AWS::ApiGateway::Stage"))["MethodSettings"]

    assert [(one["HttpMethod"], one["ResourcePath"]) for one in settings] == [
        ("*", "/*"),
        ("GET", "/~1notes~1{id}"),
        ("*", "/~1"),
    ]
    assert [one.get("ThrottlingRateLimit") for one in settings] == [100, 5, None]


def test_a_request_is_validated_before_its_function_is_asked(backend):
    assembly = backend(
        """
RestApi(stack, "api", cors=False, routes={"GET /notes": {"handler": "functions/notes.get", "method_options": {
    "request_parameters": {"method.request.querystring.page": True},
    "request_validator_options": {"validate_request_parameters": True},
}}})
"""
    )
    method = only(assembly.resources("backend", "AWS::ApiGateway::Method"))

    assert method["RequestParameters"] == {"method.request.querystring.page": True}
    assert "RequestValidatorId" in method
    assert only(assembly.resources("backend", "AWS::ApiGateway::RequestValidator"))[
        "ValidateRequestParameters"
    ]


def test_the_stage_of_an_existing_api_is_named(backend):
    assembly = backend(
        """
import aws_cdk.aws_apigateway as apigateway
there = apigateway.RestApi.from_rest_api_attributes(stack, "there", rest_api_id="abc", root_resource_id="root")
api = RestApi(stack, "api", stage_name="prod", cdk={"rest_api": there}, routes={"GET /a": "functions/notes.get"})
Function(stack, "user", handler="functions/notes.create", bind=[api])
stack.outputs(Url=api.url)
"""
    )

    assert json.dumps(assembly.template("backend")["Outputs"]["Url"]["Value"]).endswith('"/prod"]]}')
