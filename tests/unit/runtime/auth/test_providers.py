"""Providers: what they are asked, and what they may say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sundog_runtime
from sundog_runtime.auth import Apple, AuthHandler, GitHub, Google, MagicLink, Microsoft, Oidc, ProviderError
from sundog_runtime.auth._errors import InvalidToken
from sundog_runtime.auth._requests import Request
from sundog_runtime.auth._settings import Settings


def test_microsoft_names_the_directory_of_the_person() -> None:
    shared = Microsoft(client_id="a", client_secret="b")
    directory = "9188040d-6c67-4c5b-b112-36a304b66dad"

    assert shared.expected_issuer({"tid": directory}) == f"https://login.microsoftonline.com/{directory}/v2.0"
    with pytest.raises(InvalidToken, match="names no directory"):
        shared.expected_issuer({"tid": "../evil"})
    own = Microsoft(client_id="a", client_secret="b", tenant=directory)
    assert own.issuer == own.expected_issuer({"tid": "another"})


def test_apple_comes_back_with_a_post_that_brings_the_flow(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    apple = Apple(client_id="a", client_secret="b")
    monkeypatch.setattr(apple, "endpoints", lambda: ("https://appleid.apple.com/auth/authorize", ""))
    request = Request({"requestContext": {"http": {"method": "GET"}}}, "/auth")
    begun = apple.start(request, settings, "apple")

    assert "response_mode=form_post" in begun["headers"]["location"]
    assert begun["cookies"][0].startswith("__Host-auth-flow-")
    assert begun["cookies"][0].endswith("; HttpOnly; SameSite=None; Secure")


def test_secrets_are_asked_for_when_they_are_needed() -> None:
    asked: list[str] = []
    github = GitHub(client_id="a", client_secret=lambda: asked.append("now") or "secret")

    assert asked == []
    assert (github.client_secret, asked) == ("secret", ["now"])
    assert Google(client_id="a", client_secret="b").issuer == "https://accounts.google.com"


def test_a_discovery_document_of_another_issuer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sundog_runtime.auth._oidc.fetch", lambda address: {"issuer": "https://evil.example"})

    with pytest.raises(ProviderError, match="of another issuer"):
        Oidc(issuer="https://login.example.com", client_id="a").endpoints()


@pytest.mark.parametrize("name", ["session", "sign-out", "a/b", "", "ü"])
def test_a_provider_needs_a_name_that_an_address_can_have(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be called"):
        AuthHandler({name: MagicLink(send=print)})


def test_only_what_a_cold_start_can_afford_is_loaded() -> None:
    code = (
        "import sys; from sundog_runtime import resources; assert 'sundog_runtime.auth' not in sys.modules\n"
        "import sundog_runtime.auth; outside = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(outside - sys.stdlib_module_names - {'sundog_runtime', '__main__'}))"
    )
    source = Path(sundog_runtime.__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[]"
