"""The custom-message trigger is called for invitations only, not for the codes of sign-ups and forgotten passwords.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-message.html
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from .cognito import MODULE as COGNITO
from .cognito import Answer, Pool, User, attributes_of, call_trigger, change_calls

MODULE = COGNITO
VERSIONS = frozenset({"1.5.33"})

_SOURCES = {
    "SignUp": "CustomMessage_SignUp",
    "ResendConfirmationCode": "CustomMessage_ResendCode",
    "ForgotPassword": "CustomMessage_ForgotPassword",
    "AdminResetUserPassword": "CustomMessage_ForgotPassword",
}
_call: ContextVar[tuple[str, dict[str, Any]] | None] = ContextVar("cognito_message_call", default=None)


def mend(module: Any) -> None:
    """Call the trigger where the message is written, and send what it says."""

    def note(handler: Any, action: str, data: dict[str, Any]) -> Answer:
        token = _call.set((_SOURCES[action], data) if action in _SOURCES else None)
        try:
            return handler(data)
        finally:
            _call.reset(token)

    change_calls(module, note)
    original = module._send_verification_email

    def send(
        pool: Pool, username: str, attributes: dict[str, Any], code: str, *rest: Any, **named: Any
    ) -> Any:
        written = _written(module, pool, username) if attributes.get("email") else None
        if not written or not (written.get("emailMessage") or written.get("emailSubject")):
            return original(pool, username, attributes, code, *rest, **named)
        subject, body = module._resolve_verification_template(pool)
        shown = module._template_username(pool, username, attributes)
        return module._deliver_cognito_email(
            pool,
            attributes["email"],
            module._expand_template(written.get("emailSubject") or subject, shown, code),
            module._expand_template(written.get("emailMessage") or body, shown, code),
            type_name="CognitoVerificationMessage",
            extra={"Username": username},
        )

    module._send_verification_email = send


def _written(module: Any, pool: Pool, username: str) -> dict[str, Any] | None:
    call = _call.get()
    if call is None:
        return None
    source, data = call
    user: User = module._resolve_user(pool, username)[0]
    request = {
        "userAttributes": attributes_of(module, user),
        "codeParameter": "{####}",
        "linkParameter": "{##Click Here##}",
        "usernameParameter": None,
    }
    if data.get("ClientMetadata"):
        request["clientMetadata"] = data["ClientMetadata"]
    return call_trigger(
        module,
        pool,
        "CustomMessage",
        source,
        username=user["Username"],
        client_id=data.get("ClientId") or "CLIENT_ID_NOT_APPLICABLE",
        request=request,
        response={"smsMessage": None, "emailMessage": None, "emailSubject": None},
    )
