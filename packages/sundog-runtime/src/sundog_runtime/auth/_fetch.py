"""Calls to providers: over TLS, without following redirects, with limits on time and size."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from sundog_runtime.auth._errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 10
_LARGEST = 1024 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def fetch(
    address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Any:
    """Return the JSON that an address answers with.

    Args:
        address: Over TLS; only an address of this machine may do without.
        form: Fields to post; without them it is a GET.
        headers: Further headers.

    Raises:
        ProviderError: No answer, an error, or something else than JSON.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ProviderError("the provider's address is not https")
    data = None if form is None else urlencode(form).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was just checked
        address, data, {"accept": "application/json", "user-agent": "sundog-runtime", **(headers or {})}
    )
    try:
        with _opener.open(request, timeout=_SECONDS) as response:
            return json.loads(response.read(_LARGEST))
    except urllib.error.HTTPError as error:
        with error:
            reason = said(_parsed(error.read(_LARGEST)))
            message = f"{parts.hostname} answered {error.code}: {reason or 'no reason given'}"
            raise ProviderError(message, reason=reason) from error
    except OSError as error:
        raise ProviderError(
            f"{parts.hostname} cannot be reached; try again later", code="provider_unreachable", status=503
        ) from error
    except ValueError as error:
        raise ProviderError(f"{parts.hostname} did not answer as a provider does") from error


def said(answer: object) -> str | None:
    """Return the error code of an OAuth answer, which is made to be shown; nothing else of it."""
    code = answer.get("error") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and len(code) < 100 else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
