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


def test_a_bound_api_tells_its_url_and_grants_nothing(backend):
    assembly = backend('Function(stack, "f", handler="functions/notes.get", bind=[Api(stack, "web")])')
    variables = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]

    assert "ApiEndpoint" in json.dumps(variables["SUNDOG_RESOURCE_WEB"])
    assert assembly.resources("backend", "AWS::IAM::Policy") == []
