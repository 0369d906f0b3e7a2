"""Who may call an API, how often, at which domain, and what is kept of it."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_any_origin_may_call_by_default(backend):
    api = only(backend('Api(stack, "api")').resources("backend", "AWS::ApiGatewayV2::Api"))

    assert api["CorsConfiguration"] == {"AllowHeaders": ["*"], "AllowMethods": ["*"], "AllowOrigins": ["*"]}
    assert api["Name"] == "local-notes-api"


def test_cors_can_be_narrowed_or_left_out(backend, monkeypatch, tmp_path):
    narrow = backend(
        'Api(stack, "api", cors={"allow_origins": ["https://a.example"], "allow_methods": ["get"]})'
    )
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "none"))
    none = backend('Api(stack, "api", cors=False)')

    assert only(narrow.resources("backend", "AWS::ApiGatewayV2::Api"))["CorsConfiguration"] == {
        "AllowMethods": ["GET"],
        "AllowOrigins": ["https://a.example"],
    }
    assert "CorsConfiguration" not in only(none.resources("backend", "AWS::ApiGatewayV2::Api"))


def test_every_request_leaves_a_line_in_a_log_unless_told_otherwise(backend, monkeypatch, tmp_path):
    assembly = backend('Api(stack, "api")')
    stage = only(assembly.resources("backend", "AWS::ApiGatewayV2::Stage"))
    log = only(assembly.resources("backend", "AWS::Logs::LogGroup"))

    assert json.loads(stage["AccessLogSettings"]["Format"])["requestId"] == "$context.requestId"
    assert log["LogGroupName"] == "/aws/vendedlogs/api/local-notes-api"

    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "without"))
    without = backend('Api(stack, "api", access_log=False)')
    assert "AccessLogSettings" not in only(without.resources("backend", "AWS::ApiGatewayV2::Stage"))
    assert without.resources("backend", "AWS::Logs::LogGroup") == []


def test_a_log_that_outlives_its_stage_is_not_in_the_way_of_the_next_deploy(project, backend):
    project.write(
        "pyproject.toml", '[tool.sundog]\nname = "notes"\n[tool.sundog.stages.local]\nremoval = "retain"\n'
    )
    template = backend('Api(stack, "api")').template("backend")
    (log,) = [one for one in template["Resources"].values() if one["Type"] == "AWS::Logs::LogGroup"]
    name = json.dumps(log["Properties"]["LogGroupName"])

    assert log["DeletionPolicy"] == "Retain"
    assert "/aws/vendedlogs/api/local-notes-api-" in name
    assert '"Ref": "AWS::StackId"' in name


def test_access_log_throttle_and_stage_are_what_the_user_says(backend):
    stage = only(
        backend(
            """
Api(stack, "api", access_log={"format": "$context.requestId", "destination_arn": "arn:aws:firehose:x"},
    throttle={"rate": 10.5, "burst": 20}, cdk={"http_stage": {"stage_variables": {"color": "red"}}})
"""
        ).resources("backend", "AWS::ApiGatewayV2::Stage")
    )

    assert stage["AccessLogSettings"] == {
        "DestinationArn": "arn:aws:firehose:x",
        "Format": "$context.requestId",
    }
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 10.5, "ThrottlingBurstLimit": 20}
    assert stage["StageVariables"] == {"color": "red"}


def test_routes_ask_what_they_say_and_otherwise_what_the_api_says(backend):
    assembly = backend(
        """
users = aws_cdk.aws_cognito.UserPool(stack, "users")
api = Api(
    stack,
    "api",
    authorizers={
        "tokens": {"type": "jwt", "issuer": "https://a.example", "audience": ["notes"]},
        "members": {"type": "user_pool", "user_pool": users, "clients": [users.add_client("web")]},
        "keys": {"type": "lambda", "function": "functions/digest.run", "cache": "5 minutes"},
        "unused": {"type": "jwt", "issuer": "https://b.example", "audience": "notes"},
    },
    authorizer="tokens",
    scopes=["read"],
    routes={
        "GET /a": "functions/notes.get",
        "GET /b": {"handler": "functions/notes.get", "scopes": ["write"]},
        "GET /c": {"handler": "functions/notes.get", "authorizer": "members", "scopes": []},
        "GET /d": {"handler": "functions/notes.get", "authorizer": "keys"},
        "GET /e": {"handler": "functions/notes.get", "authorizer": "iam"},
        "GET /f": {"url": "https://example.com", "authorizer": "none"},
    },
)
Function(stack, "caller", handler="functions/notes.create", permissions=[(api, "grant_invoke")])
"""
    )
    routes = {
        route["RouteKey"][-1]: (route["AuthorizationType"], route.get("AuthorizationScopes"))
        for route in assembly.resources("backend", "AWS::ApiGatewayV2::Route")
    }
    made = assembly.resources("backend", "AWS::ApiGatewayV2::Authorizer")
    keys = only(one for one in made if one["AuthorizerType"] == "REQUEST")

    assert routes == {
        "a": ("JWT", ["read"]),
        "b": ("JWT", ["write"]),
        "c": ("JWT", None),
        "d": ("CUSTOM", None),
        "e": ("AWS_IAM", None),
        "f": ("NONE", None),
    }
    assert sorted(one["Name"] for one in made) == ["keys", "members", "tokens"]
    assert (keys["AuthorizerResultTtlInSeconds"], keys["EnableSimpleResponses"]) == (300, True)
    # One function: a handler with nothing but an authorizer beside it has no settings of its own.
    assert len(assembly.resources("backend", "AWS::Lambda::Function")) == 3
    policy = json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))
    assert "execute-api:Invoke" in policy


def test_a_domain_has_a_certificate_and_records_in_its_zone(backend):
    assembly = backend(
        """
api = Api(stack, "api", domain={"name": "api.example.com", "hosted_zone": "Z0123456789ABC"})
Api(stack, "second", domain={"path": "v2"}, cdk={"domain_name": api.cdk.domain_name})
Function(stack, "caller", handler="functions/notes.get", bind=[api])
"""
    )
    records = assembly.resources("backend", "AWS::Route53::RecordSet")
    certificate = only(assembly.resources("backend", "AWS::CertificateManager::Certificate"))
    mappings = assembly.resources("backend", "AWS::ApiGatewayV2::ApiMapping")
    environment = json.dumps(only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"])

    assert sorted((one["Name"], one["Type"], one["HostedZoneId"]) for one in records) == [
        ("api.example.com.", "A", "Z0123456789ABC"),
        ("api.example.com.", "AAAA", "Z0123456789ABC"),
    ]
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": "api.example.com", "HostedZoneId": "Z0123456789ABC"}
    ]
    assert sorted(one.get("ApiMappingKey", "") for one in mappings) == ["", "v2"]
    assert "https://api.example.com" in environment


def test_an_external_domain_brings_its_certificate_and_gets_no_records(backend):
    assembly = backend(
        """
certificate = aws_cdk.aws_certificatemanager.Certificate.from_certificate_arn(
    stack, "certificate", "arn:aws:acm:eu-west-1:123456789012:certificate/a")
Api(stack, "api", domain={"name": "api.example.org", "external": True, "certificate": certificate})
"""
    )

    assert len(assembly.resources("backend", "AWS::ApiGatewayV2::DomainName")) == 1
    assert assembly.resources("backend", "AWS::Route53::RecordSet") == []


def test_a_route_has_limits_of_its_own_on_a_stage_that_waits_for_it(backend):
    assembly = backend(
        """
Api(stack, "api", throttle={"rate": 100}, routes={
    "GET /notes": "functions/notes.get",
    "POST /notes": {"handler": "functions/notes.create", "throttle": {"rate": 5, "burst": 10}},
    "ANY /old": {"url": "https://example.com", "throttle": {"burst": 1}},
})
"""
    )
    stage = next(
        one
        for one in assembly.template("backend")["Resources"].values()
        if one["Type"] == "AWS::ApiGatewayV2::Stage"
    )

    assert stage["Properties"]["RouteSettings"] == {
        "POST /notes": {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10},
        "ANY /old": {"ThrottlingBurstLimit": 1},
    }
    assert stage["Properties"]["DefaultRouteSettings"] == {"ThrottlingRateLimit": 100}
    assert len([name for name in stage["DependsOn"] if "notes" in name or "old" in name]) == 2


def test_one_origin_needs_no_list(backend):
    api = only(
        backend(
            'Api(stack, "api", cors={"allow_origins": "https://a.example", "allow_headers": "x-key"})'
        ).resources("backend", "AWS::ApiGatewayV2::Api")
    )

    assert api["CorsConfiguration"]["AllowOrigins"] == ["https://a.example"]
    assert api["CorsConfiguration"]["AllowHeaders"] == ["x-key"]


def test_a_websocket_api_has_limits(backend):
    assembly = backend('WebSocketApi(stack, "chat", throttle={"rate": 10, "burst": 20})')
    stage = only(assembly.resources("backend", "AWS::ApiGatewayV2::Stage"))

    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20}
