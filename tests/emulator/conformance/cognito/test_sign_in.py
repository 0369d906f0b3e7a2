"""Sign-in: its triggers, its tokens, and who is let in to an API with them."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError

from .pools import PASSWORD, claims, failing, unchanged


def test_a_flow_that_the_client_does_not_allow_is_refused(pool, aws):
    users = pool({})
    client = users.api.create_user_pool_client(
        UserPoolId=users.id, ClientName="srp", ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )["UserPoolClient"]["ClientId"]

    with pytest.raises(ClientError, match="USER_PASSWORD_AUTH flow not enabled"):
        users.api.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )


def test_sign_in_passes_both_authentication_triggers(pool):
    users = pool({"PreAuthentication": unchanged, "PostAuthentication": unchanged})
    users.sign_up()
    users.confirm()
    tokens = users.sign_in(ClientMetadata={"device": "phone"})["AuthenticationResult"]
    users.api.initiate_auth(
        ClientId=users.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    [before] = users.seen("PreAuthentication")
    [after] = users.seen("PostAuthentication")

    assert before["triggerSource"] == "PreAuthentication_Authentication"
    assert before["request"]["validationData"] == {"device": "phone"}
    assert before["request"]["userNotFound"] is False
    assert after["triggerSource"] == "PostAuthentication_Authentication"
    assert after["request"]["newDeviceUsed"] is False
    assert after["request"]["userAttributes"]["email"] == "ada@example.com"
    assert "clientMetadata" not in after["request"]


def test_pre_authentication_refuses_before_the_password_is_looked_at(pool, errors):
    users = pool({"PreAuthentication": failing(errors, "on holiday"), "PostAuthentication": unchanged})
    users.sign_up()
    users.confirm()

    with pytest.raises(ClientError, match="PreAuthentication failed with error on holiday"):
        users.sign_in(password="wrong")
    assert users.seen("PostAuthentication") == []


def test_a_wrong_password_does_not_reach_post_authentication(pool):
    users = pool({"PostAuthentication": unchanged})
    users.sign_up()
    users.confirm()

    with pytest.raises(users.api.exceptions.NotAuthorizedException):
        users.sign_in(password="wrong")
    assert users.seen("PostAuthentication") == []


def test_claims_of_pre_token_generation_are_in_the_token(pool):
    def add(event, headers):
        return {**event, "response": {"claimsOverrideDetails": {"claimsToAddOrOverride": {"plan": "gold"}}}}

    users = pool({"PreTokenGeneration": add})
    users.sign_up()
    users.confirm()

    assert claims(users.sign_in()["AuthenticationResult"]["IdToken"])["plan"] == "gold"


def test_a_failed_pre_token_generation_fails_the_sign_in(pool, errors):
    users = pool({"PreTokenGeneration": failing(errors, "no plan")})
    users.sign_up()
    users.confirm()

    with pytest.raises(ClientError, match="PreTokenGeneration failed with error no plan"):
        users.sign_in()


@pytest.fixture
def guarded(pool, aws, cloud, make_function, function_arn):
    """Who calls a route that asks for a token of a pool, and the pool."""
    users = pool({})
    gateway = aws.client("apigatewayv2")
    api = gateway.create_api(Name=f"guarded-{uuid.uuid4().hex[:8]}", ProtocolType="HTTP")["ApiId"]
    name = make_function(lambda event, _: event["requestContext"]["authorizer"]["jwt"]["claims"])
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function_arn(name),
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name="members",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={
            "Issuer": f"https://cognito-idp.eu-west-1.amazonaws.com/{users.id}",
            "Audience": [users.client],
        },
    )["AuthorizerId"]
    gateway.create_route(
        ApiId=api,
        RouteKey="GET /me",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)

    def call(token):
        url = cloud.cloud.url_for("api", api) + "/me"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, None

    return users, call


def test_an_api_takes_the_tokens_of_a_pool_and_refuses_changed_ones(guarded):
    users, call = guarded
    users.sign_up()
    users.confirm()
    token = users.sign_in()["AuthenticationResult"]["IdToken"]
    header, _, signature = token.split(".")
    changed = base64.urlsafe_b64encode(json.dumps({**claims(token), "sub": "eve"}).encode()).rstrip(b"=")
    status, seen = call(token)

    assert (status, seen["email"]) == (200, "ada@example.com")
    assert call(f"{header}.{changed.decode()}.{signature}") == (401, None)
    assert call("nonsense") == (401, None)
