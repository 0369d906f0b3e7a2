"""The triggers of a user pool, by the names that an app gives them."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk.aws_cognito as cognito
import aws_cdk.aws_lambda as lambda_


@dataclass(frozen=True, kw_only=True)
class TriggerKind:
    """What is known about one trigger."""

    operation: str
    """Name of the CDK's `UserPoolOperation`."""
    sources: tuple[str, ...]
    """What `triggerSource` of its events starts with, by which the live session tells them apart."""
    needs_key: bool = False
    """Whether Cognito encrypts what it hands over, with a key of the pool's."""


TRIGGERS: dict[str, TriggerKind] = {
    "pre_sign_up": TriggerKind(operation="PRE_SIGN_UP", sources=("PreSignUp_",)),
    "post_confirmation": TriggerKind(operation="POST_CONFIRMATION", sources=("PostConfirmation_",)),
    "pre_authentication": TriggerKind(operation="PRE_AUTHENTICATION", sources=("PreAuthentication_",)),
    "post_authentication": TriggerKind(operation="POST_AUTHENTICATION", sources=("PostAuthentication_",)),
    "pre_token_generation": TriggerKind(operation="PRE_TOKEN_GENERATION", sources=("TokenGeneration_",)),
    "custom_message": TriggerKind(operation="CUSTOM_MESSAGE", sources=("CustomMessage_",)),
    "user_migration": TriggerKind(operation="USER_MIGRATION", sources=("UserMigration_",)),
    "define_auth_challenge": TriggerKind(
        operation="DEFINE_AUTH_CHALLENGE", sources=("DefineAuthChallenge_",)
    ),
    "create_auth_challenge": TriggerKind(
        operation="CREATE_AUTH_CHALLENGE", sources=("CreateAuthChallenge_",)
    ),
    "verify_auth_challenge": TriggerKind(
        operation="VERIFY_AUTH_CHALLENGE_RESPONSE", sources=("VerifyAuthChallengeResponse_",)
    ),
    "custom_email_sender": TriggerKind(
        operation="CUSTOM_EMAIL_SENDER", sources=("CustomEmailSender_",), needs_key=True
    ),
    "custom_sms_sender": TriggerKind(
        operation="CUSTOM_SMS_SENDER", sources=("CustomSMSSender_",), needs_key=True
    ),
}
"""https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html"""

CLAIMS_VERSIONS = ("V1_0", "V2_0", "V3_0")
"""Of the event that pre-token-generation is given; from V2_0 on it can change access tokens too."""


def add_trigger(pool: cognito.UserPool, name: str, function: lambda_.IFunction, claims_version: str) -> None:
    """Have a user pool call a function, and allow it to."""
    operation = TRIGGERS[name].operation
    if name == "pre_token_generation" and claims_version != CLAIMS_VERSIONS[0]:
        version = cognito.LambdaVersion[claims_version]
        pool.add_trigger(cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, function, version)
    else:
        pool.add_trigger(getattr(cognito.UserPoolOperation, operation), function)
