"""User pools, their clients and triggers, and identity pools."""

from __future__ import annotations

import json

import pytest
from cfnlint.api import ManualArgs, lint

pytestmark = pytest.mark.xdist_group("cdk")

PHONE = """
Cognito(stack, "users", login=["username", "phone"], self_sign_up=False,
    password_policy={"min_length": 14, "require_symbols": False, "temp_password_validity": "2 days"},
    clients={
        "web": {"id_token_validity": "2 hours", "o_auth": {"callback_urls": ["https://example.com/done"]}},
        "server": {"generate_secret": True, "auth_flows": {"admin_user_password": True}},
    })
"""
FEDERATED = """
users = Cognito(stack, "users", guests=True, federation={
    "google": {"client_id": "g"}, "apple": {"services_id": "a"}, "twitter": {"consumer_key": "k", "consumer_secret": "s"},
    "auth0": {"domain": "example.eu.auth0.com", "client_id": "c"},
})
users.grant_signed_in([Table(stack, "notes", partition_key=("id", "string"))])
users.grant_guests(["polly:SynthesizeSpeech"])
"""
TRIGGERED = """
from aws_cdk import aws_kms as kms
users = Cognito(stack, "users", claims_version="V2_0", triggers={
    "pre_token_generation": "functions/notes.get",
    "post_confirmation": "functions/notes.get",
    "user_migration": "functions/notes.create",
    "define_auth_challenge": "functions/notes.create",
    "custom_email_sender": "functions/notes.list_notes",
}, cdk={"user_pool": {"custom_sender_kms_key": kms.Key(stack, "codes")}})
users.grant_to_triggers("cognito-idp:AdminAddUserToGroup")
users.grant_to_triggers("cognito-idp:AdminGetUser")
"""


def only(items):
    (item,) = items
    return item


@pytest.mark.parametrize("body", [PHONE, FEDERATED, TRIGGERED])
def test_cfn_lint_finds_nothing(backend, body):
    matches = lint(
        json.dumps(backend(body).template("backend")),
        config=ManualArgs(regions=["us-east-1"], ignore_checks=["W3005"]),
    )

    assert [f"{match.rule.id} {match.message}" for match in matches] == []


def test_a_pool_is_as_its_settings_say(backend):
    assembly = backend(PHONE)
    pool = only(assembly.resources("backend", "AWS::Cognito::UserPool"))

    assert pool["AliasAttributes"] == ["phone_number"]
    assert pool["AutoVerifiedAttributes"] == ["phone_number"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 14,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": False,
        "RequireUppercase": True,
        "TemporaryPasswordValidityDays": 2,
    }
    assert only(assembly.manifest.resources).attributes == {"triggers": {}, "clients": ["web", "server"]}


def test_clients_tell_nobody_who_has_an_account_and_send_tokens_only_where_the_app_says(backend):
    web, server = sorted(
        backend(PHONE).resources("backend", "AWS::Cognito::UserPoolClient"),
        key=lambda one: "GenerateSecret" in one,
    )

    assert web["CallbackURLs"] == ["https://example.com/done"]
    assert web["IdTokenValidity"] == 120
    assert "CallbackURLs" not in server
    assert server["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert {client["PreventUserExistenceErrors"] for client in (web, server)} == {"ENABLED"}


def test_each_client_may_fetch_credentials(backend):
    pool = only(backend(PHONE).resources("backend", "AWS::Cognito::IdentityPool"))

    assert len(pool["CognitoIdentityProviders"]) == 2
    assert pool["AllowUnauthenticatedIdentities"] is False


def test_other_login_providers_are_named_as_the_identity_pool_knows_them(backend):
    assembly = backend(FEDERATED)
    pool = only(assembly.resources("backend", "AWS::Cognito::IdentityPool"))
    provider = only(assembly.resources("backend", "AWS::IAM::OIDCProvider"))

    assert pool["SupportedLoginProviders"] == {
        "accounts.google.com": "g",
        "appleid.apple.com": "a",
        "api.twitter.com": "k;s",
    }
    assert provider["Url"] == "https://example.eu.auth0.com/"
    assert len(pool["OpenIdConnectProviderARNs"]) == 1


def test_only_the_roles_of_the_identity_pool_get_what_is_granted(backend):
    policies = backend(FEDERATED).resources("backend", "AWS::IAM::Policy")
    by_role = {policy["Roles"][0]["Ref"]: policy["PolicyDocument"]["Statement"] for policy in policies}
    (signed_in,) = [found for role, found in by_role.items() if role.startswith("usersAuthenticatedRole")]
    (guests,) = [found for role, found in by_role.items() if role.startswith("usersUnauthenticatedRole")]

    assert "dynamodb:PutItem" in json.dumps(signed_in)
    assert only(guests)["Action"] == "polly:SynthesizeSpeech"


def test_each_user_may_use_objects_of_their_own_and_no_others(backend):
    own = """
users = Cognito(stack, "users")
users.grant_own_objects(Bucket(stack, "files"), prefix="/home/")
"""
    (policy,) = backend(own).resources("backend", "AWS::IAM::Policy")
    objects, listing = policy["PolicyDocument"]["Statement"]
    place = "home/${cognito-identity.amazonaws.com:sub}/*"

    assert policy["Roles"][0]["Ref"].startswith("usersAuthenticatedRole")
    assert objects["Action"] == ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    assert objects["Resource"]["Fn::Join"][1][-1] == f"/{place}"
    assert listing["Condition"] == {"StringLike": {"s3:prefix": [place]}}


def test_triggers_share_a_handler_and_change_access_tokens_when_asked(backend):
    assembly = backend(TRIGGERED)
    pool = only(assembly.resources("backend", "AWS::Cognito::UserPool"))
    config = pool["LambdaConfig"]

    assert config["PreTokenGenerationConfig"]["LambdaVersion"] == "V2_0"
    assert config["PreTokenGenerationConfig"]["LambdaArn"] == config["PostConfirmation"]
    assert config["CustomEmailSender"]["LambdaVersion"] == "V1_0"
    assert len(assembly.manifest.functions) == 3
    assert [trigger.label for entry in assembly.manifest.functions for trigger in entry.triggers][:2] == [
        "cognito users pre_token_generation",
        "cognito users post_confirmation",
    ]


def test_flows_follow_from_the_triggers(backend):
    client = only(backend(TRIGGERED).resources("backend", "AWS::Cognito::UserPoolClient"))

    assert set(client["ExplicitAuthFlows"]) == {
        "ALLOW_CUSTOM_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
    }


def test_triggers_get_rights_over_their_pool_that_they_do_not_wait_for(backend):
    template = backend(TRIGGERED).template("backend")
    policies = {name: resource for name, resource in template["Resources"].items() if "TriggerPolicy" in name}
    (name,) = policies
    waiting = [
        resource["Type"]
        for resource in template["Resources"].values()
        if name in json.dumps(resource.get("DependsOn", []))
    ]

    assert len(policies[name]["Properties"]["Roles"]) == 3
    assert waiting == []


def test_an_existing_pool_is_used_as_it_is(backend):
    assembly = backend(
        """
from aws_cdk import aws_cognito as cognito
pool = cognito.UserPool.from_user_pool_id(stack, "raw", "eu-west-1_abc")
client = cognito.UserPoolClient.from_user_pool_client_id(stack, "raw-client", "web")
users = Cognito(stack, "users", identity_pool=False, cdk={"user_pool": pool, "user_pool_client": client})
Function(stack, "f", handler="functions/notes.get", bind=[users])
"""
    )
    variables = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]

    assert '"user_pool_id":"eu-west-1_abc"' in json.dumps(variables).replace("\\", "")
    assert assembly.resources("backend", "AWS::Cognito::UserPool") == []
