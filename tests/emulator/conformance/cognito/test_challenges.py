"""Other ways to sign in: challenges of ones own, and users of another directory."""

from __future__ import annotations

import pytest

from .pools import claims, unchanged


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
