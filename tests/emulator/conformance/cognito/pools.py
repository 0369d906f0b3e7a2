"""A user pool of Cognito with functions for its triggers, and what its users do."""

from __future__ import annotations

import base64
import json
import uuid

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


def unchanged(event, headers):
    return event


def failing(errors, message):
    def handler(event, headers):
        raise errors.raised("ValueError", message)

    return handler


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
