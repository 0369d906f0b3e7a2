"""Wrong confirmation codes, forged access tokens and flows that a client does not allow are taken.

The emulator looks at them only where it enforces IAM too, which a local stage does not.
"""

from __future__ import annotations

from typing import Any

from .cognito import MODULE as COGNITO
from .cognito import Answer, change_calls

MODULE = COGNITO
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Look at them always."""

    def check(handler: Any, action: str, data: dict[str, Any]) -> Answer:
        refusal = (
            module._validate_client_secret_hash(action, data)
            or module._auth_flow_error(action, data)
            or module._access_token_error(data)
            or module._confirmation_code_error(action, data)
        )
        return refusal or handler(data)

    change_calls(module, check)
