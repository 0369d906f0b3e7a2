"""Requests that the authenticator is given, and the calls that it makes itself."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sundog_runtime.auth import ProviderError, SignInError
from sundog_runtime.auth._fetch import fetch
from sundog_runtime.auth._requests import Request, cookies_of


def test_of_two_cookies_with_one_name_the_first_counts() -> None:
    assert cookies_of({"cookies": ["a=1", "a=2", "nonsense"]}) == {"a": "1"}


def test_a_body_that_is_no_form_is_refused() -> None:
    def form(**event: Any) -> dict[str, str]:
        return Request({"headers": {"Content-Type": "application/json"}, **event}, "/auth").form()

    assert form(body='{"email": "a@b.c", "n": 1}') == {"email": "a@b.c"}
    assert form(body=base64.b64encode(b'{"a": "b"}').decode(), isBase64Encoded=True) == {"a": "b"}
    for body in ("[]", "{", "x" * 70_000):
        with pytest.raises(SignInError):
            form(body=body)


@pytest.mark.parametrize(
    "address",
    ["http://example.com/x", "file:///etc/passwd", "file://localhost/etc/passwd", "ftp://127.0.0.1/"],
)
def test_providers_are_called_over_tls_only(address: str) -> None:
    with pytest.raises(ProviderError, match="not https"):
        fetch(address)
