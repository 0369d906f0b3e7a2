"""A confirmed sign-up leaves the address unverified, and post-confirmation is never triggered.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
"""

from __future__ import annotations

import json
from typing import Any

from .cognito import MODULE as COGNITO
from .cognito import Answer, Pool, User, attributes_of, call_trigger, change_calls

MODULE = COGNITO
VERSIONS = frozenset({"1.5.33"})

_SOURCES = {
    "ConfirmSignUp": "PostConfirmation_ConfirmSignUp",
    "AdminConfirmSignUp": "PostConfirmation_ConfirmSignUp",
    "ConfirmForgotPassword": "PostConfirmation_ConfirmForgotPassword",
    "SignUp": "PostConfirmation_ConfirmSignUp",
}


def mend(module: Any) -> None:
    """Verify the address that the code went to, and call the trigger."""

    def confirm(handler: Any, action: str, data: dict[str, Any]) -> Answer:
        answer = handler(data)
        source = _SOURCES.get(action)
        if source is None or answer[0] != 200 or not _is_confirmed(action, answer):
            return answer
        pool, user = _subject(module, data)
        if action == "ConfirmSignUp":
            _verify_address(module, pool, user)
        request: dict[str, Any] = {"userAttributes": attributes_of(module, user)}
        if data.get("ClientMetadata"):
            request["clientMetadata"] = data["ClientMetadata"]
        call_trigger(
            module,
            pool,
            "PostConfirmation",
            source,
            username=user["Username"],
            client_id=data.get("ClientId") or "CLIENT_ID_NOT_APPLICABLE",
            request=request,
            response={},
        )
        return answer

    change_calls(module, confirm)


def _is_confirmed(action: str, answer: Answer) -> bool:
    # A pre-sign-up trigger may have confirmed the user.
    return action != "SignUp" or bool(json.loads(answer[2]).get("UserConfirmed"))


def _subject(module: Any, data: dict[str, Any]) -> tuple[Pool, User]:
    pool = module._user_pools.get(data.get("UserPoolId")) or module._pool_for_client(data["ClientId"])[0]
    return pool, module._resolve_user(pool, data["Username"])[0]


def _verify_address(module: Any, pool: Pool, user: User) -> None:
    attributes = module._attr_list_to_dict(user.get("Attributes", []))
    # The code went to the e-mail address when there is one: the emulator sends no text messages.
    address = next((name for name in ("email", "phone_number") if attributes.get(name)), None)
    if address in (pool.get("AutoVerifiedAttributes") or []):
        verified = [{"Name": f"{address}_verified", "Value": "true"}]
        user["Attributes"] = module._merge_attributes(user.get("Attributes", []), verified)
