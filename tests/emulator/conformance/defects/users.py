"""What the emulator without mends does wrong in Cognito: each function says whether it still does."""

from __future__ import annotations

import pytest

from .stacks import function, made

NOBODY = "arn:aws:lambda:eu-west-1:000000000000:function:nobody"
PASSWORD = "Passw0rd!"


def signed_up(aws, **triggers):
    """Sign a user up in a new pool with triggers; a trigger that is called fails, because it does not exist."""
    users = aws.client("cognito-idp")
    pool = users.create_user_pool(PoolName="p", LambdaConfig=triggers)["UserPool"]["Id"]
    client = users.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    email = [{"Name": "email", "Value": "ada@example.com"}]
    users.sign_up(ClientId=client, Username="ada", Password=PASSWORD, UserAttributes=email)
    return users, client


def signed_in(users, client, name="ada"):
    given = {"USERNAME": name, "PASSWORD": PASSWORD}
    return users.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)


def wrong_codes_confirm(aws):
    users, client = signed_up(aws)
    return users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="000000")


def confirmation_triggers_nothing(aws):
    users, client = signed_up(aws, PostConfirmation=NOBODY)
    return users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="123456")


def codes_are_not_customized(aws):
    return signed_up(aws, CustomMessage=NOBODY)


def nobody_is_migrated(aws):
    users, client = signed_up(aws, UserMigration=NOBODY)
    with pytest.raises(users.exceptions.UserNotFoundException, match="does not exist"):
        signed_in(users, client, "bob")
    return True


def sign_in_triggers_nothing(aws):
    users, client = signed_up(aws, PreAuthentication=NOBODY, PostAuthentication=NOBODY)
    users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="123456")
    return signed_in(users, client)


def failed_triggers_are_ignored(aws):
    code = {"ZipFile": "def handler(event, context): raise ValueError('no')"}
    _, name = made(aws, "AWS::Lambda::Function", function(code))
    arn = aws.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    users, client = signed_up(aws, PreTokenGeneration=arn)
    users.confirm_sign_up(ClientId=client, Username="ada", ConfirmationCode="123456")
    return signed_in(users, client)
