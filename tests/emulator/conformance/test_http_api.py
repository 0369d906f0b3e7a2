"""HTTP APIs made by CloudFormation, called through the address that sundog shows."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.error
import urllib.request

import pytest

CORS = {
    "AllowOrigins": ["https://app.example"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["content-type"],
}


def resources(function_arn):
    route = {"ApiId": {"Ref": "Api"}, "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]}}
    keys = ["GET /notes/{id}", "ANY /files/{path+}", "POST /notes"]
    return {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": "conformance", "ProtocolType": "HTTP", "CorsConfiguration": CORS},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": function_arn,
                "PayloadFormatVersion": "2.0",
            },
        },
        **{
            f"Route{number}": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {**route, "RouteKey": key}}
            for number, key in enumerate(keys)
        },
    }


OUTPUTS = {
    "Url": {
        "Value": {
            "Fn::Join": [
                "",
                [
                    "https://",
                    {"Ref": "Api"},
                    ".execute-api.",
                    {"Ref": "AWS::Region"},
                    ".",
                    {"Ref": "AWS::URLSuffix"},
                    "/",
                ],
            ]
        }
    }
}


@pytest.fixture(scope="module")
def api(aws, cloud, make_function, function_arn):
    """The address of an API, and what its function was last given and is to answer."""

    class Api:
        answer = {"statusCode": 200, "body": "fine"}
        event = None

        def call(self, method, path, body=None, **headers):
            request = urllib.request.Request(self.url + path, body, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    return response.status, response.headers, response.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.headers, error.read()

    made = Api()

    def handle(event, headers):
        made.event = event
        if isinstance(made.answer, Exception):
            raise made.answer
        return made.answer

    stack = aws.deploy(resources(function_arn(make_function(handle))), Outputs=OUTPUTS)
    made.url = cloud.cloud.rewrite_url(stack["Outputs"][0]["OutputValue"]).rstrip("/")
    return made


def test_route_with_a_path_parameter(api):
    api.answer = {"statusCode": 201, "headers": {"x-a": "b"}, "cookies": ["c=d"], "body": '{"ok": true}'}

    status, headers, body = api.call("GET", "/notes/42?q=1&q=2", authorization="Bearer x")

    assert (status, headers["x-a"], headers["set-cookie"], json.loads(body)) == (
        201,
        "b",
        "c=d",
        {"ok": True},
    )
    assert api.event["version"] == "2.0"
    assert api.event["routeKey"] == "GET /notes/{id}"
    assert api.event["pathParameters"] == {"id": "42"}
    assert api.event["rawPath"] == "/notes/42"
    assert api.event["rawQueryString"] == "q=1&q=2"
    assert api.event["queryStringParameters"] == {"q": "1,2"}
    assert api.event["headers"]["authorization"] == "Bearer x"
    assert api.event["requestContext"]["http"]["method"] == "GET"


def test_greedy_path_parameter(api):
    api.call("PUT", "/files/a/b%20c/d")

    assert api.event["pathParameters"] == {"path": "a/b c/d"}


def test_binary_body_in_and_out(api):
    content = bytes(range(256))
    api.answer = {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(content).decode()}

    _, _, body = api.call("POST", "/notes", content, **{"content-type": "application/octet-stream"})

    assert api.event["isBase64Encoded"] is True
    assert base64.b64decode(api.event["body"]) == content
    assert body == content


def test_path_without_a_route_is_not_found(api):
    status, _, body = api.call("GET", "/nothing")

    assert (status, json.loads(body)) == (404, {"message": "Not Found"})


def test_failed_function_is_an_internal_server_error(api, errors):
    api.answer = errors.raised("ValueError", "secret")

    status, _, body = api.call("GET", "/notes/1")

    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})


def test_functions_own_502_is_passed_on(api):
    api.answer = {"statusCode": 502, "body": "mine"}

    status, _, body = api.call("GET", "/notes/1")

    assert (status, body) == (502, b"mine")


def test_text_is_the_body_of_the_answer(api):
    api.answer = "not a response"

    status, _, _ = api.call("GET", "/notes/1")

    assert status == 200


def test_preflight_is_answered_from_the_cors_configuration(api):
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}

    status, headers, _ = api.call("OPTIONS", "/notes", **asked)

    assert status == 204
    assert headers["access-control-allow-origin"] == "https://app.example"
    assert "POST" in headers["access-control-allow-methods"]


def test_foreign_origin_gets_no_cors_headers(api):
    _, headers, _ = api.call("GET", "/notes/1", origin="https://other.example")

    assert headers["access-control-allow-origin"] is None


def test_address_works_with_curl(api):
    api.answer = {"statusCode": 200, "body": "fine"}

    printed = subprocess.run(
        ["curl", "-sS", f"{api.url}/notes/1"], capture_output=True, text=True, check=True
    )

    assert printed.stdout == "fine"
