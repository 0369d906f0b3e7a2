"""The user-migration trigger is never called: a user who is not in the pool is only unknown.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-migrate-user.html
"""

from __future__ import annotations

from typing import Any

from .cognito import MODULE as COGNITO
from .cognito import Answer, Pool, TriggerFailed, call_trigger, change_calls

MODULE = COGNITO
VERSIONS = frozenset({"1.5.33"})

_WITH_PASSWORD = ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")


def mend(module: Any) -> None:
    """Make the user that the trigger describes, and go on."""

    def migrate(handler: Any, action: str, data: dict[str, Any]) -> Answer:
        if action in ("InitiateAuth", "AdminInitiateAuth") and data.get("AuthFlow") in _WITH_PASSWORD:
            given = data.get("AuthParameters") or {}
            _migrate(module, data, "Authentication", given.get("USERNAME"), given.get("PASSWORD"))
        elif action == "ForgotPassword":
            _migrate(module, data, "ForgotPassword", data.get("Username"), None)
        return handler(data)

    change_calls(module, migrate)


def _migrate(module: Any, data: dict[str, Any], source: str, name: str | None, password: str | None) -> None:
    client_id = data.get("ClientId", "")
    pool: Pool | None = (
        module._user_pools.get(data.get("UserPoolId")) or module._pool_for_client(client_id)[0]
    )
    if pool is None or not name or module._resolve_user(pool, name)[0] is not None:
        return
    request: dict[str, Any] = {"validationData": None}
    if password is not None:
        request |= {"password": password, "validationData": data.get("ClientMetadata")}
    elif data.get("ClientMetadata"):
        request["clientMetadata"] = data["ClientMetadata"]
    empty = (
        "userAttributes",
        "forceAliasCreation",
        "finalUserStatus",
        "messageAction",
        "desiredDeliveryMediums",
    )
    unknown = TriggerFailed(f"Exception migrating user in app client {client_id}", "UserNotFoundException")
    try:
        written = call_trigger(
            module,
            pool,
            "UserMigration",
            f"UserMigration_{source}",
            username=name,
            client_id=client_id,
            request=request,
            response=dict.fromkeys(empty),
        )
    except TriggerFailed as failure:
        raise unknown from failure
    if written is None:
        return
    if not written.get("userAttributes"):
        raise unknown
    _create(module, pool, name, password, written)


def _create(module: Any, pool: Pool, name: str, password: str | None, written: dict[str, Any]) -> None:
    status, _headers, body = module._admin_create_user(
        {
            "UserPoolId": pool["Id"],
            "Username": name,
            "UserAttributes": module._dict_to_attr_list(written["userAttributes"]),
            "MessageAction": "SUPPRESS",
        }
    )
    if status != 200:
        raise TriggerFailed(body.decode(), "UserNotFoundException")
    user = module._resolve_user(pool, name)[0]
    if password is not None:
        user["_password"] = password
    user["UserStatus"] = "CONFIRMED" if written.get("finalUserStatus") == "CONFIRMED" else "RESET_REQUIRED"
