"""User pools: people sign up and sign in, every trigger reaches its function, and an identity pool hands out credentials."""

from __future__ import annotations

import base64
import json

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.xdist_group("apps-cognito")

PASSWORD = "Passw0rd!"
CODE = "123456"

APP = """
    from sundog import Api, App, Bucket, Cognito, Function, Table

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
        files = Bucket(stack, "files")
        users.grant_own_objects(files)
        Function(stack, "look", handler="functions/triggers.look", bind=[users])
        api = Api(
            stack,
            "api",
            authorizers={"members": {"type": "user_pool", "user_pool": users}},
            authorizer="members",
            routes={
                "GET /me": "functions/triggers.me",
                "GET /mine": {"handler": "functions/triggers.mine", "authorizer": "iam"},
            },
        )
        users.grant_signed_in([(api, "grant_invoke")])
        stack.outputs(UserPoolId=users.user_pool_id, ClientId=users.client_id, IdentityPoolId=users.identity_pool_id, ApiUrl=api.url)


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


    def mine(event, context):
        return event["requestContext"]["authorizer"]["iam"]["cognitoIdentity"]


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
    given = identities.get_credentials_for_identity(IdentityId=identity, **logins)["Credentials"]
    return boto3.Session(
        given["AccessKeyId"], given["SecretKey"], given["SessionToken"], "eu-west-1"
    ), identity


def caller(app, session):
    return session.client("sts", endpoint_url=app.endpoint_url).get_caller_identity()["Arn"]


def member(app, people, email):
    """Sign somebody up and in; return their AWS session, and what the identity pool calls them."""
    people.sign_up(email)
    provider = f"cognito-idp.eu-west-1.amazonaws.com/{people.pool}"
    return credentials(app, Logins={provider: people.sign_in(email)["IdToken"]})


def policies(app, session):
    """The policies of the role that the credentials are of, with the identity that IAM fills in."""
    role = caller(app, session).split("/")[1]
    iam = app.aws("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def decided(app, session, identity, action, resource):
    """What IAM says to an action of somebody with these credentials."""
    documents = [
        text.replace("${cognito-identity.amazonaws.com:sub}", identity) for text in policies(app, session)
    ]
    found = app.aws("iam").simulate_custom_policy(
        PolicyInputList=documents, ActionNames=[action], ResourceArns=[resource]
    )
    return found["EvaluationResults"][0]["EvalDecision"]


def test_signed_in_users_and_guests_get_credentials_of_their_roles(app, people):
    signed_in, _ = member(app, people, "kim@example.com")
    guest, _ = credentials(app)

    assert "AuthenticatedRole" in caller(app, signed_in)
    assert "UnauthenticatedRole" in caller(app, guest)


def signed(session, url):
    """The headers with which these credentials may call an address."""
    request = AWSRequest("GET", url)
    SigV4Auth(session.get_credentials(), "execute-api", "eu-west-1").add_auth(request)
    return dict(request.headers)


def test_a_route_of_iam_knows_which_user_calls(app, people):
    session, identity = member(app, people, "route@example.com")
    url = app.output("ApiUrl") + "/mine"
    answered = app.request("GET", url, headers=signed(session, url))

    assert app.request("GET", url).status == 403
    assert (answered.status, answered.json()["identityId"]) == (200, identity)
    assert answered.json()["identityPoolId"] == app.output("IdentityPoolId")
    arn = f"arn:aws:execute-api:eu-west-1:000000000000:{app.physical_id('api')}"
    assert decided(app, session, identity, "execute-api:Invoke", f"{arn}/$default/GET/mine") == "allowed"
    assert (
        decided(app, session, identity, "execute-api:Invoke", f"{arn}x/$default/GET/mine") == "implicitDeny"
    )


def test_each_user_has_objects_of_their_own(app, people):
    (ada, ada_id), (bob, bob_id) = (
        member(app, people, "own@example.com"),
        member(app, people, "b@example.com"),
    )
    bucket = app.physical_id("files")
    key = f"private/{ada_id}/diary.txt"
    ada.client("s3", endpoint_url=app.endpoint_url).put_object(Bucket=bucket, Key=key, Body=b"dear diary")
    read = ada.client("s3", endpoint_url=app.endpoint_url).get_object(Bucket=bucket, Key=key)["Body"].read()

    def may(session, identity, action):
        return decided(app, session, identity, action, f"arn:aws:s3:::{bucket}/{key}")

    assert read == b"dear diary"
    assert {may(ada, ada_id, f"s3:{one}Object") for one in ("Get", "Put", "Delete")} == {"allowed"}
    assert {may(bob, bob_id, f"s3:{one}Object") for one in ("Get", "Put", "Delete")} == {"implicitDeny"}
    assert may(ada, ada_id, "s3:PutObjectAcl") == "implicitDeny"


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
