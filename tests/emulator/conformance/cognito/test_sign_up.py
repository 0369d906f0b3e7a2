"""Sign-up, confirmation and forgotten passwords: what triggers are given, what their answers change, and what their failures do."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .pools import RESET_CODE, failing, unchanged


def test_wrong_codes_are_refused(pool):
    users = pool({})
    users.sign_up()

    with pytest.raises(users.api.exceptions.CodeMismatchException):
        users.confirm(code="000000")


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
