"""The identity pool of a `Cognito`: AWS credentials for its users, and for guests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aws_cdk.aws_cognito as cognito
import aws_cdk.aws_iam as iam

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._settings import one_of, refuse_missing_settings, refuse_unknown_settings
from sundog.errors import ConstructError

_SOCIAL = {
    "amazon": ("www.amazon.com", ("app_id",)),
    "apple": ("appleid.apple.com", ("services_id",)),
    "facebook": ("graph.facebook.com", ("app_id",)),
    "google": ("accounts.google.com", ("client_id",)),
    "twitter": ("api.twitter.com", ("consumer_key", "consumer_secret")),
}
"""What each provider is called in an identity pool, and what it knows the app by.

https://docs.aws.amazon.com/cognito/latest/developerguide/external-identity-providers.html
"""
_OPEN_ID = {"auth0": ("domain", "client_id"), "oidc": ("issuer", "client_id")}
PROVIDERS = (*_SOCIAL, *_OPEN_ID)
GUESTS, SIGNED_IN = "unauthenticated", "authenticated"


@dataclass(kw_only=True)
class LoginProviders:
    """Who besides the user pool may say who somebody is, as an identity pool is told."""

    social: dict[str, str] = field(default_factory=dict)
    open_id_arns: list[str] = field(default_factory=list)


def login_providers(
    owner: SundogConstruct, federation: Mapping[str, Mapping[str, str]], kind: type[ConstructError]
) -> LoginProviders:
    """Read `federation`, and make what OpenID providers need.

    Args:
        owner: The construct that it was given to.
        federation: Settings by the name of the provider.
        kind: The error to raise for wrong ones.
    """
    found = LoginProviders()
    for name, settings in federation.items():
        one_of(owner, kind, "login provider", name, PROVIDERS)
        needed = _SOCIAL[name][1] if name in _SOCIAL else _OPEN_ID[name]
        what = f"`{name}` in `federation`"
        refuse_unknown_settings(owner, kind, what, settings, needed)
        refuse_missing_settings(owner, kind, what, settings, {key: f'"{key}": "…"' for key in needed})
        if name in _SOCIAL:
            found.social[_SOCIAL[name][0]] = ";".join(settings[key] for key in needed)
        else:
            issuer = settings["issuer"] if name == "oidc" else f"https://{settings['domain']}/"
            # The bare resource: the CDK's own construct is a custom resource with rights over all providers.
            provider = iam.CfnOIDCProvider(
                owner, f"Provider{name.title()}", url=issuer, client_id_list=[settings["client_id"]]
            )
            found.open_id_arns.append(provider.attr_arn)
    return found


def create_identity_pool(
    owner: SundogConstruct,
    *,
    guests: bool,
    providers: LoginProviders,
    user_pools: Sequence[Mapping[str, str]],
    over: Mapping[str, Any],
) -> cognito.CfnIdentityPool:
    """Make the pool.

    Args:
        owner: The construct that it belongs to.
        guests: Whether whoever has not signed in gets credentials too.
        providers: Who may say who somebody is.
        user_pools: The user pool, once for each of its clients.
        over: Properties of the user's to lay over.
    """
    own: dict[str, Any] = {
        "allow_unauthenticated_identities": guests,
        "cognito_identity_providers": [
            cognito.CfnIdentityPool.CognitoIdentityProviderProperty(
                client_id=pool["client_id"], provider_name=pool["provider_name"]
            )
            for pool in user_pools
        ],
    }
    if providers.social:
        own["supported_login_providers"] = providers.social
    if providers.open_id_arns:
        own["open_id_connect_provider_arns"] = providers.open_id_arns
    return cognito.CfnIdentityPool(owner, "IdentityPool", **{**own, **over})


def create_role(
    owner: SundogConstruct, pool: cognito.CfnIdentityPool, who: str, over: Mapping[str, Any]
) -> iam.Role:
    """Make the role whose credentials signed-in users, or guests, get; it may do nothing yet.

    https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html
    """
    principal = iam.FederatedPrincipal(
        "cognito-identity.amazonaws.com",
        {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": pool.ref},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": who},
        },
        "sts:AssumeRoleWithWebIdentity",
    )
    return iam.Role(owner, f"{who.title()}Role", **{"assumed_by": principal, **over})


def attach_roles(
    owner: SundogConstruct, pool: cognito.CfnIdentityPool, roles: Mapping[str, iam.IRole | None]
) -> None:
    """Tell an identity pool its roles."""
    cognito.CfnIdentityPoolRoleAttachment(
        owner,
        "Roles",
        identity_pool_id=pool.ref,
        roles={who: role.role_arn for who, role in roles.items() if role is not None},
    )


def own_objects(bucket_arn: str, prefix: str) -> list[iam.PolicyStatement]:
    """Return what lets a user of an identity pool use the objects of a bucket that are theirs.

    IAM fills in who calls: https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html

    Args:
        bucket_arn: The bucket.
        prefix: What the names of everybody's objects begin with.
    """
    own = f"{prefix}/${{cognito-identity.amazonaws.com:sub}}"
    objects = iam.PolicyStatement(
        actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources=[f"{bucket_arn}/{own}/*"]
    )
    listing = iam.PolicyStatement(
        actions=["s3:ListBucket"],
        resources=[bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{own}/*"]}},
    )
    return [objects, listing]
