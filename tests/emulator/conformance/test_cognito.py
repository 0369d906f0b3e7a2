"""User pools: what each trigger is given, what its answer changes, and what its failure does."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError

PASSWORD = "Passw0rd!"
CODE = "123456"
RESET_CODE = "654321"


class Pool:
    """A user pool with functions for its triggers, and what its users do."""

    def __init__(self, aws, make_function, function_arn, target, triggers, **settings):
        self.api = aws.client("cognito-idp")
        self.names = {kind: make_function(handler) for kind, handler in triggers.items()}
        self.target = target
        self.id = self.api.create_user_pool(
            PoolName=f"pool-{uuid.uuid4().hex[:8]}",
            AutoVerifiedAttributes=["email"],
            LambdaConfig={kind: function_arn(name) for kind, name in self.names.items()},
            **settings,
        )["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        self.client = self.api.create_user_pool_client(
            UserPoolId=self.id, ClientName="web", ExplicitAuthFlows=flows
        )["UserPoolClient"]["ClientId"]

    def sign_up(self, name="ada", **more):
        email = [{"Name": "email", "Value": f"{name}@example.com"}]
        return self.api.sign_up(
            ClientId=self.client, Username=name, Password=PASSWORD, UserAttributes=email, **more
        )

    def confirm(self, name="ada", code=CODE, **more):
        return self.api.confirm_sign_up(ClientId=self.client, Username=name, ConfirmationCode=code, **more)

    def sign_in(self, name="ada", password=PASSWORD, **more):
        given = {"USERNAME": name, "PASSWORD": password}
        return self.api.initiate_auth(
            ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given, **more
        )

    def attributes(self, name="ada"):
        found = self.api.admin_get_user(UserPoolId=self.id, Username=name)["UserAttributes"]
        return {one["Name"]: one["Value"] for one in found}

    def seen(self, kind):
        return [event for event, _ in self.target.seen.get(self.names[kind], [])]


@pytest.fixture
def pool(aws, make_function, function_arn, target):
    def make(triggers, **settings):
        return Pool(aws, make_function, function_arn, target, triggers, **settings)

    return make


def unchanged(event, headers):
    return event


def failing(errors, message):
    def handler(event, headers):
        raise errors.raised("ValueError", message)

    return handler


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_wrong_codes_are_refused(pool):
    users = pool({})
    users.sign_up()

    with pytest.raises(users.api.exceptions.CodeMismatchException):
        users.confirm(code="000000")


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


def test_pre_sign_up_is_given_the_new_user_and_can_confirm_it(pool):
    def confirm(event, headers):
        return {**event, "response": {**event["response"], "autoConfirmUser": True, "autoVerifyEmail": True}}

    users = pool({"PreSignUp": confirm})
    signed_up = users.sign_up()
    [event] = users.seen("PreSignUp")

    assert signed_up["UserConfirmed"] is True
    assert users.attributes()["email_verified"] == "true"
    assert event["triggerSource"] == "PreSignUp_SignUp"
    assert event["request"]["userAttributes"]["email"] == "ada@example.com"


def test_pre_sign_up_refuses_with_its_own_words(pool, errors):
    users = pool({"PreSignUp": failing(errors, "only for friends")})

    with pytest.raises(users.api.exceptions.UserLambdaValidationException) as refused:
        users.sign_up()
    assert refused.value.response["Error"]["Message"] == "PreSignUp failed with error only for friends."


def test_pre_sign_up_sees_the_users_that_an_administrator_makes(pool):
    users = pool({"PreSignUp": unchanged})
    users.api.admin_create_user(
        UserPoolId=users.id, Username="bob", ValidationData=[{"Name": "from", "Value": "import"}]
    )
    [event] = users.seen("PreSignUp")

    assert event["triggerSource"] == "PreSignUp_AdminCreateUser"
    assert event["userName"] == "bob"
    assert event["request"]["validationData"] == {"from": "import"}


def test_post_confirmation_is_given_the_confirmed_user(pool):
    users = pool({"PostConfirmation": unchanged})
    users.sign_up()
    users.confirm(ClientMetadata={"campaign": "spring"})
    [event] = users.seen("PostConfirmation")

    assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert event["userName"] == "ada"
    assert event["userPoolId"] == users.id
    assert event["callerContext"]["clientId"] == users.client
    assert event["request"]["clientMetadata"] == {"campaign": "spring"}
    assert event["request"]["userAttributes"] == {
        "cognito:user_status": "CONFIRMED",
        "email": "ada@example.com",
        "email_verified": "true",
        "sub": users.attributes()["sub"],
    }


def test_post_confirmation_is_called_after_a_forgotten_password(pool):
    users = pool({"PostConfirmation": unchanged})
    users.sign_up()
    users.confirm()
    users.api.forgot_password(ClientId=users.client, Username="ada")
    users.api.confirm_forgot_password(
        ClientId=users.client, Username="ada", ConfirmationCode=RESET_CODE, Password="N3w-password"
    )

    assert [event["triggerSource"] for event in users.seen("PostConfirmation")] == [
        "PostConfirmation_ConfirmSignUp",
        "PostConfirmation_ConfirmForgotPassword",
    ]
    assert users.sign_in(password="N3w-password")["AuthenticationResult"]


def test_a_user_whom_a_trigger_confirmed_passes_post_confirmation(pool):
    def confirm(event, headers):
        return {**event, "response": {"autoConfirmUser": True}}

    users = pool({"PreSignUp": confirm, "PostConfirmation": unchanged})
    users.sign_up()

    assert len(users.seen("PostConfirmation")) == 1


def test_a_failed_post_confirmation_leaves_the_user_confirmed(pool, errors):
    users = pool({"PostConfirmation": failing(errors, "no welcome mail")})
    users.sign_up()

    with pytest.raises(ClientError, match="PostConfirmation failed with error no welcome mail"):
        users.confirm()
    assert users.sign_in()["AuthenticationResult"]


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


def test_custom_messages_are_asked_for_every_code(pool):
    users = pool({"CustomMessage": unchanged})
    users.sign_up()
    users.api.resend_confirmation_code(ClientId=users.client, Username="ada")
    users.confirm()
    users.api.forgot_password(ClientId=users.client, Username="ada", ClientMetadata={"lang": "fr"})
    seen = users.seen("CustomMessage")

    assert [event["triggerSource"] for event in seen] == [
        "CustomMessage_SignUp",
        "CustomMessage_ResendCode",
        "CustomMessage_ForgotPassword",
    ]
    assert seen[0]["request"]["codeParameter"] == "{####}"
    assert seen[2]["request"]["clientMetadata"] == {"lang": "fr"}


def test_a_custom_challenge_is_defined_made_and_verified(pool):
    def define(event, headers):
        passed = any(one.get("challengeResult") for one in event["request"]["session"])
        issue = {"issueTokens": passed, "failAuthentication": False}
        return {**event, "response": issue if passed else {**issue, "challengeName": "CUSTOM_CHALLENGE"}}

    def create(event, headers):
        shown = {"question": "colour?"}
        return {
            **event,
            "response": {"publicChallengeParameters": shown, "privateChallengeParameters": {"a": "blue"}},
        }

    def verify(event, headers):
        request = event["request"]
        right = request["challengeAnswer"] == request["privateChallengeParameters"]["a"]
        return {**event, "response": {"answerCorrect": right}}

    users = pool(
        {
            "DefineAuthChallenge": define,
            "CreateAuthChallenge": create,
            "VerifyAuthChallengeResponse": verify,
            "PostAuthentication": unchanged,
        }
    )
    users.sign_up()
    users.confirm()
    asked = users.api.initiate_auth(
        ClientId=users.client, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    answered = users.api.respond_to_auth_challenge(
        ClientId=users.client,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": "blue"},
        ClientMetadata={"device": "phone"},
    )
    [after] = users.seen("PostAuthentication")

    assert asked["ChallengeParameters"] == {"question": "colour?"}
    assert claims(answered["AuthenticationResult"]["AccessToken"])["username"] == "ada"
    assert after["request"]["clientMetadata"] == {"device": "phone"}


@pytest.fixture
def migrating(pool):
    def migrate(event, headers):
        known = event["userName"] == "old" and event["request"].get("password", "secret") == "secret"
        if not known:
            return event
        attributes = {"email": "old@example.com", "email_verified": "true"}
        return {**event, "response": {"userAttributes": attributes, "finalUserStatus": "CONFIRMED"}}

    return pool({"UserMigration": migrate, "PostAuthentication": unchanged})


def test_an_unknown_user_who_signs_in_is_migrated_once(migrating):
    first = migrating.sign_in("old", "secret")
    migrating.sign_in("old", "secret")
    [event] = migrating.seen("UserMigration")

    assert first["AuthenticationResult"]["IdToken"]
    assert event["triggerSource"] == "UserMigration_Authentication"
    assert event["request"]["password"] == "secret"
    assert migrating.attributes("old")["email_verified"] == "true"
    assert len(migrating.seen("PostAuthentication")) == 2


def test_a_user_whom_the_trigger_does_not_know_is_not_made(migrating):
    with pytest.raises(migrating.api.exceptions.UserNotFoundException, match="Exception migrating user"):
        migrating.sign_in("stranger", "secret")

    assert migrating.api.list_users(UserPoolId=migrating.id)["Users"] == []


def test_a_forgotten_password_migrates_without_one(migrating):
    migrating.api.forgot_password(ClientId=migrating.client, Username="old")
    [event] = migrating.seen("UserMigration")

    assert event["triggerSource"] == "UserMigration_ForgotPassword"
    assert "password" not in event["request"]
    assert migrating.attributes("old")["email"] == "old@example.com"


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
