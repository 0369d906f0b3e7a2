"""What the emulator without mends does wrong in answers of APIs and sites: each function says whether it still does."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from .stacks import function, made


def cors_does_nothing(aws):
    cors = {"AllowOrigins": ["https://a.example"]}
    _, api = made(
        aws, "AWS::ApiGatewayV2::Api", {"Name": "a", "ProtocolType": "HTTP", "CorsConfiguration": cors}
    )
    return "AllowOrigins" not in aws.client("apigatewayv2").get_api(ApiId=api).get("CorsConfiguration", {})


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
