"""User pools: people sign up and sign in, every trigger reaches its function, and an identity pool hands out credentials."""

from __future__ import annotations

import base64
import json

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.xdist_group("apps")

PASSWORD = "Passw0rd!"
CODE = "123456"

APP = """
    from sundog import Api, App, Cognito, Function, Table

    app = App()


    @app.stack
    def backend(stack):
        notes = Table(stack, "notes", partition_key=("userId", "string"))
        seen = "functions/triggers.seen"
        users = Cognito(
            stack,
            "users",
            login=["email"],
            guests=True,
            clients={"web": {"auth_flows": {"user_password": True, "custom": True}}},
            triggers={
                "pre_sign_up": seen,
                "post_confirmation": seen,
                "pre_authentication": seen,
                "post_authentication": seen,
                "pre_token_generation": "functions/triggers.add_claims",
                "custom_message": seen,
                "user_migration": "functions/triggers.migrate",
                "define_auth_challenge": "functions/challenge.define",
                "create_auth_challenge": "functions/challenge.create",
                "verify_auth_challenge": "functions/challenge.verify",
            },
        )
        users.grant_signed_in([(notes, "grant_read_data")])
        users.grant_guests(["polly:SynthesizeSpeech"])
        Function(stack, "look", handler="functions/triggers.look", bind=[users])
        Api(
            stack,
            "api",
            authorizers={"members": {"type": "user_pool", "user_pool": users}},
            authorizer="members",
            routes={"GET /me": "functions/triggers.me"},
        )
        stack.outputs(UserPoolId=users.user_pool_id, ClientId=users.client_id, IdentityPoolId=users.identity_pool_id)


    app.synth()
"""

TRIGGERS = """
    from sundog_runtime import resources


    def seen(event, context):
        return event


    def add_claims(event, context):
        event["response"]["claimsOverrideDetails"] = {"claimsToAddOrOverride": {"plan": "free"}}
        return event


    def migrate(event, context):
        if event["userName"].startswith("old"):
            attributes = {"email": event["userName"], "email_verified": "true"}
            event["response"] = {"userAttributes": attributes, "finalUserStatus": "CONFIRMED"}
        return event


    def me(event, context):
        claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
        return {"email": claims["email"], "plan": claims["plan"]}


    def look(event, context):
        users = resources.users
        found = users.client.list_users(UserPoolId=users.user_pool_id, AttributesToGet=["email"])["Users"]
        return {"emails": [user["Attributes"][0]["Value"] for user in found], "client_id": users.client_id}
"""

CHALLENGE = """
    def define(event, context):
        passed = any(one.get("challengeResult") for one in event["request"]["session"])
        event["response"] = {"issueTokens": passed, "failAuthentication": False}
        if not passed:
            event["response"]["challengeName"] = "CUSTOM_CHALLENGE"
        return event


    def create(event, context):
        event["response"] = {
            "publicChallengeParameters": {"question": "colour?"},
            "privateChallengeParameters": {"answer": "blue"},
        }
        return event


    def verify(event, context):
        request = event["request"]
        right = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
        event["response"] = {"answerCorrect": right}
        return event
"""


class People:
    """What the users of an app's user pool do."""

    def __init__(self, app):
        self.api = app.aws("cognito-idp")
        self.pool = app.output("UserPoolId")
        self.client = app.output("ClientId")

    def sign_up(self, email, confirm=True):
        attributes = [{"Name": "email", "Value": email}]
        self.api.sign_up(ClientId=self.client, Username=email, Password=PASSWORD, UserAttributes=attributes)
        if confirm:
            self.api.confirm_sign_up(ClientId=self.client, Username=email, ConfirmationCode=CODE)

    def sign_in(self, email, password=PASSWORD):
        given = {"USERNAME": email, "PASSWORD": password}
        return self.api.initiate_auth(
            ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
        )["AuthenticationResult"]


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="module")
def app(deploy_app):
    return deploy_app(APP, {"functions/triggers.py": TRIGGERS, "functions/challenge.py": CHALLENGE})


@pytest.fixture(scope="module")
def people(app):
    return People(app)


def test_a_sign_up_and_a_sign_in_pass_every_trigger_in_order(app, people):
    mark = app.mark()
    people.sign_up("ada@example.com")
    token = claims(people.sign_in("ada@example.com")["IdToken"])
    seen = app.wait_for("seen", count=5, since=mark)

    assert [(one.event["triggerSource"], one.trigger.label) for one in seen] == [
        ("PreSignUp_SignUp", "cognito users pre_sign_up"),
        ("CustomMessage_SignUp", "cognito users custom_message"),
        ("PostConfirmation_ConfirmSignUp", "cognito users post_confirmation"),
        ("PreAuthentication_Authentication", "cognito users pre_authentication"),
        ("PostAuthentication_Authentication", "cognito users post_authentication"),
    ]
    assert {one.event["userPoolId"] for one in seen} == {people.pool}
    assert seen[2].event["request"]["userAttributes"]["email_verified"] == "true"
    assert token["plan"] == "free"
    assert token["aud"] == people.client


def test_an_api_lets_its_members_in_and_nobody_else(app, people):
    people.sign_up("mia@example.com")
    token = people.sign_in("mia@example.com")["IdToken"]
    header, body, signature = token.split(".")
    forged = f"{header}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"

    def me(bearer):
        return app.request("GET", "/me", headers={"Authorization": f"Bearer {bearer}"})

    assert me(token).json() == {"email": "mia@example.com", "plan": "free"}
    assert me(forged).status == 401
    assert app.request("GET", "/me").status == 401


def test_a_bound_function_looks_users_up(app, people):
    people.sign_up("bob@example.com")
    answer = app.invoke("look")

    assert "bob@example.com" in answer["emails"]
    assert answer["client_id"] == people.client


def test_a_user_of_another_directory_is_migrated_at_the_first_sign_in(app, people):
    mark = app.mark()

    assert people.sign_in("old@example.com", "their password")["AccessToken"]
    (seen,) = app.wait_for("migrate", since=mark)
    assert seen.event["request"]["password"] == "their password"
    assert seen.trigger.label == "cognito users user_migration"
    with pytest.raises(ClientError, match="Exception migrating user in app client"):
        people.sign_in("stranger@example.com", "x")


def test_a_challenge_of_ones_own_signs_in(people):
    people.sign_up("eve@example.com")
    asked = people.api.initiate_auth(
        ClientId=people.client, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "eve@example.com"}
    )
    answered = people.api.respond_to_auth_challenge(
        ClientId=people.client,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "eve@example.com", "ANSWER": "blue"},
    )

    assert asked["ChallengeParameters"]["question"] == "colour?"
    assert answered["AuthenticationResult"]["IdToken"]


def credentials(app, **logins):
    identities = app.aws("cognito-identity")
    identity = identities.get_id(IdentityPoolId=app.output("IdentityPoolId"), **logins)["IdentityId"]
    return identities.get_credentials_for_identity(IdentityId=identity, **logins)["Credentials"]


def caller(app, given):
    session = boto3.Session(given["AccessKeyId"], given["SecretKey"], given["SessionToken"])
    client = session.client("sts", endpoint_url=app.endpoint_url, region_name="eu-west-1")
    return client.get_caller_identity()["Arn"]


def test_signed_in_users_and_guests_get_credentials_of_their_roles(app, people):
    people.sign_up("kim@example.com")
    provider = f"cognito-idp.eu-west-1.amazonaws.com/{people.pool}"
    signed_in = credentials(app, Logins={provider: people.sign_in("kim@example.com")["IdToken"]})
    guest = credentials(app)

    assert "AuthenticatedRole" in caller(app, signed_in)
    assert "UnauthenticatedRole" in caller(app, guest)


def test_an_edited_trigger_decides_over_the_next_sign_up(app, people):
    open_to_all = "def seen(event, context):\n"
    closed = f"{open_to_all}    if 'SignUp' in event['triggerSource']:\n        raise ValueError('closed')\n"
    app.edit("functions/triggers.py", open_to_all, closed)
    try:
        with pytest.raises(ClientError, match=r"PreSignUp failed with error closed\."):
            people.sign_up("late@example.com")
    finally:
        app.edit("functions/triggers.py", closed, open_to_all)
    people.sign_up("later@example.com")


def test_the_example_of_the_page_runs(deploy_example):
    example = deploy_example("cognito")
    people = People(example)
    people.sign_up("ada@example.com")
    token = claims(people.sign_in("ada@example.com")["IdToken"])
    table = example.physical_id("members", "Table")
    (member,) = example.aws("dynamodb").scan(TableName=table)["Items"]

    assert member["email"]["S"] == "ada@example.com"
    assert member["userId"]["S"] == token["sub"]
    assert token["plan"] == "free"
    with pytest.raises(ClientError, match=r"only for people of example\.com"):
        people.sign_up("mallory@example.net")


def test_a_reset_deletes_the_users_of_the_pool(app, people):
    people.sign_up("zoe@example.com")

    app.reset()

    assert app.invoke("look")["emails"] == []
    people.sign_up("zoe@example.com")
    assert people.sign_in("zoe@example.com")["IdToken"]
