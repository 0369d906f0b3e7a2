"""A REST API: routes, who may call them, keys, CORS and an integration that is no function."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("apps-rest_api")

APP = """
    import aws_cdk.aws_apigateway as apigateway
    import aws_cdk.aws_cognito as cognito

    from sundog import App, RestApi

    app = App()


    @app.stack
    def backend(stack):
        users = cognito.UserPool(stack, "users")
        client = users.add_client("web", auth_flows=cognito.AuthFlow(admin_user_password=True))
        mock = apigateway.MockIntegration(
            request_templates={"application/json": '{"statusCode": 200}'},
            integration_responses=[
                apigateway.IntegrationResponse(
                    status_code="200", response_templates={"application/json": '{"mock": true}'}
                )
            ],
        )
        api = RestApi(
            stack,
            "api",
            access_log=True,
            authorizers={
                "members": {"type": "user_pools", "user_pools": [users]},
                "tokens": {"type": "lambda_token", "function": "functions/rest.token"},
                "requests": {
                    "type": "lambda_request",
                    "function": "functions/rest.request",
                    "identity_sources": ["method.request.header.x-key"],
                },
            },
            routes={
                "GET /notes/{id}": "functions/rest.show",
                "ANY /files/{proxy+}": "functions/rest.show",
                "GET /fail": "functions/rest.fail",
                "GET /members": {"handler": "functions/rest.show", "authorizer": "members"},
                "GET /tokens": {"handler": "functions/rest.show", "authorizer": "tokens"},
                "GET /requests": {"handler": "functions/rest.show", "authorizer": "requests"},
                "GET /signed": {"handler": "functions/rest.show", "authorizer": "iam"},
                "GET /keyed": {"handler": "functions/rest.show", "api_key": True},
                "GET /pages": {
                    "handler": "functions/rest.show",
                    "throttle": {"rate": 50, "burst": 50},
                    "method_options": {
                        "request_parameters": {"method.request.querystring.page": True},
                        "request_validator_options": {"validate_request_parameters": True},
                    },
                },
                "GET /mock": {"integration": mock},
            },
        )
        plan = api.cdk.rest_api.add_usage_plan("plan")
        plan.add_api_stage(stage=api.cdk.rest_api.deployment_stage)
        plan.add_api_key(api.cdk.rest_api.add_api_key("key", value="the-key-of-a-partner"))
        stack.outputs(Url=api.url, UserPool=users.user_pool_id, Client=client.user_pool_client_id)


    app.synth()
"""
FUNCTIONS = """
    import json


    def show(event, context):
        authorizer = event["requestContext"].get("authorizer")
        seen = {"resource": event["resource"], "parameters": event["pathParameters"], "authorizer": authorizer}
        return {"statusCode": 200, "body": json.dumps(seen)}


    def fail(event, context):
        raise ValueError("a secret of the function")


    def policy(event, key):
        effect = "Allow" if key == "right" else "Deny"
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        return {"principalId": "ada", "policyDocument": document, "context": {"key": key}}


    def token(event, context):
        return policy(event, event["authorizationToken"])


    def request(event, context):
        return policy(event, event["headers"].get("x-key"))
"""


@pytest.fixture(scope="module")
def app(deploy_app):
    return deploy_app(APP, {"functions/rest.py": FUNCTIONS})


@pytest.fixture
def get(app):
    def request(path, *, method="GET", **headers):
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        return app.request(method, path, headers=given)

    return request


def test_a_route_gets_its_parameters_and_is_known_by_its_name(app, get):
    mark = app.mark()

    assert get("/notes/42").json() == {
        "resource": "/notes/{id}",
        "parameters": {"id": "42"},
        "authorizer": None,
    }
    assert get("/files/a/b.txt", method="PUT").json()["parameters"] == {"proxy": "a/b.txt"}
    seen = app.wait_for("show", count=2, since=mark)
    assert [one.trigger.label for one in seen] == ["GET /notes/{id}", "ANY /files/{proxy+}"]


def test_its_address_is_that_of_the_output(app):
    assert app.url() == app.url("api") == app.output("Url")


def test_the_error_of_a_function_is_not_shown(get):
    answer = get("/fail")

    assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})


def test_a_user_of_the_pool_is_let_in(app, get):
    pool, client = app.output("UserPool"), app.output("Client")
    users = app.aws("cognito-idp")
    users.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    users.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Passw0rd!", Permanent=True)
    tokens = users.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Passw0rd!"},
    )["AuthenticationResult"]
    answer = get("/members", Authorization=tokens["IdToken"])

    assert answer.status == 200
    assert answer.json()["authorizer"]["claims"]["cognito:username"] == "ada"
    assert get("/members").status == 401
    assert get("/members", Authorization="no token").status == 401


@pytest.mark.parametrize(("path", "header"), [("/tokens", "Authorization"), ("/requests", "x-key")])
def test_a_function_decides(get, path, header):
    answer = get(path, **{header: "right"})

    assert answer.status == 200
    assert answer.json()["authorizer"]["key"] == "right"
    assert get(path, **{header: "wrong"}).status == 403
    # A function that sees the whole request is asked about any, unless answers are remembered.
    assert get(path).status == (401 if header == "Authorization" else 403)


def test_an_unsigned_request_is_refused_where_a_signature_is_asked_for(get):
    assert get("/signed").status == 403


def test_a_route_with_a_key_asks_for_it(get):
    assert get("/keyed").status == 403
    assert get("/keyed", x_api_key="the-key-of-a-partner").status == 200


def test_a_request_that_does_not_fit_is_refused_before_its_function_is_asked(app, get):
    mark = app.mark()

    assert get("/pages").status == 400
    assert get("/pages?page=2").status == 200
    assert len(app.wait_for("show", since=mark)) == 1


def test_an_integration_answers_without_a_function(get):
    assert get("/mock").json() == {"mock": True}


def test_pages_of_any_origin_may_ask(get):
    answer = get("/notes/42", method="OPTIONS", origin="https://app.example")

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "GET" in answer.headers["access-control-allow-methods"]


def test_a_route_that_is_added_later_answers(app, get):
    before = get("/later").status
    app.edit("app.py", '"GET /fail":', '"GET /later": "functions/rest.show",\n                "GET /fail":')
    app.deploy()

    assert (before, get("/later").status) == (403, 200)
