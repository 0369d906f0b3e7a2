"""An HTTP API gives every function the event of payload format 2.0, also where the integration asks for 1.0.

Format 1.0 is that of REST APIs, whose code the emulator has:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from typing import Any

MODULE = "ministack.services.apigateway"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Have the code of REST APIs make such an event."""
    original = module._invoke_lambda_proxy

    async def invoke(
        integration: dict[str, Any],
        api_id: str,
        stage: str,
        path: str,
        method: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        route_key: str = "$default",
        path_params: dict[str, str] | None = None,
        **named: Any,
    ) -> Any:
        if str(integration.get("payloadFormatVersion")) != "1.0":
            return await original(
                integration,
                api_id,
                stage,
                path,
                method,
                headers,
                body,
                query_params,
                route_key,
                path_params,
                **named,
            )
        from ministack.services import apigateway_v1  # type: ignore[import-not-found, unused-ignore]

        text = not body or module._v2_request_body_is_text(headers.get("content-type"))
        return await apigateway_v1._invoke_lambda_proxy_v1(
            {"uri": integration.get("integrationUri", "")},
            api_id,
            stage,
            {"variables": module._get_stage_variables(api_id, stage)},
            {"id": route_key, "path": route_key.partition(" ")[2] or path},
            path,
            method,
            headers,
            body,
            query_params,
            path_params,
            owner_account_id=named.get("owner_account_id"),
            owner_region=named.get("owner_region"),
            # In an HTTP API the body's own type decides, and what a function has encoded is decoded.
            binary_media_types=[headers.get("accept", "*/*")] if body and text else ["*/*"],
            authorizer_context=_authorizer(named),
        )

    module._invoke_lambda_proxy = invoke


def _authorizer(named: dict[str, Any]) -> dict[str, Any] | None:
    if named.get("authorizer_claims") is not None:
        return {"claims": named["authorizer_claims"], "scopes": named.get("authorizer_scopes") or None}
    found: dict[str, Any] | None = named.get("authorizer_lambda_context")
    return found
