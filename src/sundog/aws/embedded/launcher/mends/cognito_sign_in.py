"""Pre-authentication, post-authentication and an administrator's pre-sign-up are never triggered.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-authentication.html
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-authentication.html
"""

from __future__ import annotations

from typing import Any

from .cognito import MODULE as COGNITO
from .cognito import Answer, Pool, attributes_of, call_trigger, change_calls, in_api_call

MODULE = COGNITO
VERSIONS = frozenset({"1.5.33"})

_STARTS = ("InitiateAuth", "AdminInitiateAuth")
_REFRESHES = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")
_REFRESHED = "TokenGeneration_RefreshTokens"


def mend(module: Any) -> None:
    """Call them."""

    def sign_in(handler: Any, action: str, data: dict[str, Any]) -> Answer:
        if action in _STARTS and data.get("AuthFlow") not in _REFRESHES:
            _before(module, data)
        elif action == "AdminCreateUser" and data.get("MessageAction") != "RESEND":
            data = _before_invitation(module, data)
        return handler(data)

    change_calls(module, sign_in)
    original = module._build_auth_result

    def tokens(pool_id: str, client_id: str, user: dict[str, Any], *rest: Any, **named: Any) -> Any:
        if in_api_call() and named.get("trigger_source") != _REFRESHED:
            _after(module, module._user_pools[pool_id], client_id, user, named.get("client_metadata"))
        return original(pool_id, client_id, user, *rest, **named)

    module._build_auth_result = tokens


def _before(module: Any, data: dict[str, Any]) -> None:
    client_id = data.get("ClientId", "")
    pool: Pool | None = (
        module._user_pools.get(data.get("UserPoolId")) or module._pool_for_client(client_id)[0]
    )
    name = (data.get("AuthParameters") or {}).get("USERNAME")
    if pool is None or not name:
        return
    user = module._resolve_user(pool, name)[0]
    if user is None and not module._hides_user_existence(pool, client_id):
        return
    call_trigger(
        module,
        pool,
        "PreAuthentication",
        "PreAuthentication_Authentication",
        username=user["Username"] if user else name,
        client_id=client_id,
        request={
            "userAttributes": attributes_of(module, user) if user else {},
            "validationData": data.get("ClientMetadata"),
            "userNotFound": user is None,
        },
        response={},
    )


def _after(module: Any, pool: Pool, client_id: str, user: dict[str, Any], metadata: Any) -> None:
    request: dict[str, Any] = {"userAttributes": attributes_of(module, user), "newDeviceUsed": False}
    if metadata:
        # Only the answer to a challenge brings it here, which is all that the emulator hands on.
        request["clientMetadata"] = metadata
    call_trigger(
        module,
        pool,
        "PostAuthentication",
        "PostAuthentication_Authentication",
        username=user["Username"],
        client_id=client_id,
        request=request,
        response={},
    )


def _before_invitation(module: Any, data: dict[str, Any]) -> dict[str, Any]:
    pool: Pool | None = module._user_pools.get(data.get("UserPoolId"))
    if pool is None:
        return data
    attributes = module._attr_list_to_dict(data.get("UserAttributes") or [])
    validation = module._attr_list_to_dict(data.get("ValidationData") or [])
    written = call_trigger(
        module,
        pool,
        "PreSignUp",
        "PreSignUp_AdminCreateUser",
        username=data.get("Username", ""),
        client_id="CLIENT_ID_NOT_APPLICABLE",
        request={"userAttributes": attributes, "validationData": validation or None},
        response={"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    )
    for verified, address in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if (written or {}).get(verified) and address in attributes:
            attributes[f"{address}_verified"] = "true"
    return {**data, "UserAttributes": module._dict_to_attr_list(attributes)}
