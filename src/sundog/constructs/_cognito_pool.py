"""A user pool: what its users sign in with, and what passwords they may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_cognito as cognito

from sundog.constructs._cognito_client import with_durations
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._settings import one_of, refuse_unknown_settings
from sundog.errors import ConstructError

ALIASES = ("username", "email", "phone", "preferred_username")
_PASSWORD_SETTINGS = (
    "min_length",
    "require_lowercase",
    "require_uppercase",
    "require_digits",
    "require_symbols",
    "password_history_size",
    "temp_password_validity",
)
_PASSWORD_DEFAULTS = dict.fromkeys(_PASSWORD_SETTINGS[1:5], True) | {"min_length": 8}


def create_user_pool(
    owner: SundogConstruct,
    login: Sequence[str],
    password_policy: Mapping[str, Any],
    *,
    self_sign_up: bool,
    kind: type[ConstructError],
) -> cognito.UserPool:
    """Make the pool.

    Args:
        owner: The construct that it belongs to.
        login: What users sign in with.
        password_policy: The user's rules, over the usual ones.
        self_sign_up: Whether anybody may sign up.
        kind: The error to raise for wrong settings.
    """
    names = [one_of(owner, kind, "login name", name, ALIASES) for name in login]
    refuse_unknown_settings(owner, kind, "`password_policy`", password_policy, _PASSWORD_SETTINGS)
    if "preferred_username" in names and "username" not in names:
        raise owner.error(
            kind,
            f"Cognito `{owner.id}`: `login` has `preferred_username` and not `username`",
            why="Cognito takes a preferred name beside the one that stays",
            fix='write `login=["username", "preferred_username"]`',
        )
    policy = with_durations(owner, kind, {**_PASSWORD_DEFAULTS, **password_policy})
    own: dict[str, Any] = {
        "sign_in_aliases": cognito.SignInAliases(**dict.fromkeys(names, True)),
        # Whoever wrote Ada@example.com yesterday is the same person today.
        "sign_in_case_sensitive": False,
        "self_sign_up_enabled": self_sign_up,
        "password_policy": cognito.PasswordPolicy(**policy),
        "removal_policy": owner.registry.removal_policy,
    }
    if "phone" not in names:
        # A code that confirms the sign-up has to go somewhere, and so has one for a forgotten password.
        own["auto_verify"] = cognito.AutoVerifiedAttrs(email=True)
        own["account_recovery"] = cognito.AccountRecovery.EMAIL_ONLY
    return cognito.UserPool(owner, "UserPool", **{**own, **owner.cdk_props("user_pool")})
