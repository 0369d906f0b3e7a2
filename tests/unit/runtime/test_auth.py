"""The parts of sign-in that need no cloud: tokens, keys, addresses, signatures, and what providers are asked."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sundog_runtime
from sundog_runtime.auth import (
    Apple,
    AuthHandler,
    AuthNotBound,
    GitHub,
    Google,
    MagicLink,
    Microsoft,
    NotSignedIn,
    Oidc,
    ProviderError,
    Session,
    SignInError,
    signed_in,
)
from sundog_runtime.auth._errors import InvalidToken
from sundog_runtime.auth._fetch import fetch
from sundog_runtime.auth._keys import KEPT_SECONDS, SETTLED_SECONDS, Key, Keyring
from sundog_runtime.auth._requests import Request, cookies_of
from sundog_runtime.auth._rsa import is_signed
from sundog_runtime.auth._settings import Settings, origin_of, settings_of
from sundog_runtime.auth._tokens import base64url, read, sign

VALUES: dict[str, Any] = {
    "kind": "Auth",
    "name": "auth",
    "url": "https://api.example.com",
    "prefix": "/auth",
    "redirects": ["https://app.example.com", "http://localhost:5173/"],
    "session_seconds": 3600,
    "keys": "/sundog/notes/prod/auth/auth",
    "table": "used-once",
}


def key_value(*ids: str, made_at: float = 0) -> str:
    secret = base64.b64encode(b"k" * 32).decode()
    return json.dumps(
        {"keys": [{"id": name, "version": "1", "made_at": made_at, "secret": secret} for name in ids]}
    )


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(lambda: key_value("new", "old"))


@pytest.fixture
def settings(keyring: Keyring) -> Settings:
    made = Settings(VALUES)
    made.keyring = keyring
    return made


# Tokens


def test_a_token_says_what_was_signed(keyring: Keyring) -> None:
    assert read(keyring, "session", sign(keyring.current(), "session", {"sub": "ada"}, 60))["sub"] == "ada"


def test_a_token_for_something_else_is_refused(keyring: Keyring) -> None:
    token = sign(keyring.current(), "flow", {"sub": "ada"}, 60)

    with pytest.raises(InvalidToken, match="for something else"):
        read(keyring, "session", token)


def test_a_token_expires(keyring: Keyring) -> None:
    token = sign(keyring.current(), "session", {}, 60)

    with pytest.raises(InvalidToken, match="has expired"):
        read(keyring, "session", token, clock=lambda: 4e9)
    with pytest.raises(InvalidToken, match="from the future"):
        read(keyring, "session", token, clock=lambda: 1.0)


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS512"}, {"alg": "RS256", "kid": "new"}, {"alg": "HS256"}]
)
def test_nobody_else_chooses_the_algorithm(keyring: Keyring, header: dict[str, str]) -> None:
    _, body, signature = sign(keyring.current(), "session", {}, 60).split(".")
    changed = base64url(json.dumps(header).encode())

    with pytest.raises(InvalidToken, match="signed in another way"):
        read(keyring, "session", f"{changed}.{body}.{signature}")


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "é.é.é", "W10.W10.W10", "." * 9000, "eyJ9.e30.e30"])
def test_nonsense_is_no_token(keyring: Keyring, token: str) -> None:
    with pytest.raises(InvalidToken):
        read(keyring, "session", token)


# Keys


def test_sessions_of_the_key_before_stay_good_and_older_ones_do_not(keyring: Keyring) -> None:
    old, older = Key("old", b"k" * 32, 0), Key("older", b"k" * 32, 0)

    assert read(keyring, "session", sign(old, "session", {"sub": "ada"}, 60))["sub"] == "ada"
    with pytest.raises(InvalidToken, match="no longer used"):
        read(keyring, "session", sign(older, "session", {}, 60))


def test_an_unknown_key_is_asked_for_but_not_for_every_forged_token() -> None:
    clock, asked = Clock(), []
    kept = ["one"]

    def fetch_keys() -> str:
        asked.append(clock.now)
        return key_value(*kept)

    keyring = Keyring(fetch_keys, clock)
    assert keyring.current().id == "one"
    kept.insert(0, "two")
    assert keyring.find("two") is None
    clock.now += 31
    assert keyring.find("two") == Key("two", b"k" * 32, 0)
    assert [keyring.find("forged") for _ in range(50)] == [None] * 50
    assert len(asked) == 2


def test_a_new_key_signs_when_every_function_has_heard_of_it() -> None:
    clock = Clock()
    value = json.loads(key_value("old"))["keys"]
    first = Keyring(lambda: json.dumps({"keys": value}), clock)
    assert first.current().id == "old"

    value = [*json.loads(key_value("new", made_at=clock.now))["keys"], *value]
    clock.now += SETTLED_SECONDS - 1
    assert [key.id for key in (first.current(), first.find("new") or first.current())] == ["old", "new"]
    clock.now += 1
    assert first.current().id == "new"


def test_keys_outlive_a_failure_of_systems_manager(caplog: pytest.LogCaptureFixture) -> None:
    clock, works = Clock(), [True]

    def fetch_keys() -> str:
        if not works[0]:
            raise OSError("down")
        return key_value("one")

    keyring = Keyring(fetch_keys, clock)
    keyring.current()
    works[0] = False
    clock.now += KEPT_SECONDS + 1

    assert keyring.current().id == "one"
    assert "could not be fetched again: down" in caplog.text
    with pytest.raises(OSError, match="down"):
        Keyring(fetch_keys, clock).current()


# Addresses


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://App.Example.com/x", "https://app.example.com:443"),
        ("https://app.example.com:443", "https://app.example.com:443"),
        ("http://localhost:5173/", "http://localhost:5173"),
        ("https://user@app.example.com", None),
        ("https://app.example.com:port", None),
        ("javascript:alert(1)", None),
        ("//app.example.com", None),
        ("https:///path", None),
    ],
)
def test_origins_are_those_of_browsers(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        (None, "https://api.example.com/"),
        ("/home?a=1#b", "https://api.example.com/home?a=1#b"),
        ("https://app.example.com/in", "https://app.example.com/in"),
        ("HTTPS://APP.example.com/in", "HTTPS://APP.example.com/in"),
        ("http://localhost:5173/", "http://localhost:5173/"),
    ],
)
def test_people_go_where_the_app_allows(settings: Settings, wanted: str | None, target: str) -> None:
    assert settings.redirect(wanted) == target


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil",
        "\\\\evil",
        "/a\tb",
        "/a\nb",
        "https://app.example.com\\@evil",
        "http://localhost:5174",
        "x",
    ],
)
def test_and_nowhere_else(settings: Settings, wanted: str) -> None:
    with pytest.raises(SignInError, match="must be a path"):
        settings.redirect(wanted)


def test_a_function_without_the_binding_is_told_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AuthNotBound, match=r"an Auth is not bound to this function; add `bind=\[auth\]`"):
        settings_of()
    monkeypatch.setenv("SUNDOG_RESOURCE_A", json.dumps({**VALUES, "name": "a"}))
    monkeypatch.setenv("SUNDOG_RESOURCE_B", json.dumps({**VALUES, "name": "b"}))
    with pytest.raises(AuthNotBound, match="several Auths"):
        settings_of()
    assert settings_of("b").name == "b"


# Sessions


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch, keyring: Keyring) -> Settings:
    monkeypatch.setenv("SUNDOG_RESOURCE_AUTH", json.dumps(VALUES))
    found = settings_of()
    monkeypatch.setattr(found, "keyring", keyring)
    return found


def test_a_session_is_found_in_the_cookie_and_in_the_header(bound: Settings) -> None:
    token = Session.create("ada", {"plan": "gold"})
    assert bound.session_cookie == "__Host-auth-session"

    for event in (
        {"cookies": ["other=1; x", f"__Host-auth-session={token}"]},
        {"headers": {"Cookie": f"a=b; __Host-auth-session={token}"}},
        {"headers": {"Authorization": f"bearer {token}"}},
    ):
        session = Session.verify(event)
        assert (session.subject, session.properties) == ("ada", {"plan": "gold"})
        assert session.expires_at - session.issued_at == 3600


def test_a_bad_header_is_not_outweighed_by_a_good_cookie(bound: Settings) -> None:
    event = {
        "headers": {"authorization": "Bearer nonsense"},
        "cookies": [f"{bound.session_cookie}={Session.create('ada')}"],
    }

    with pytest.raises(NotSignedIn, match="not good"):
        Session.verify(event)
    assert Session.find(event) is None


def test_a_session_of_another_auth_is_refused(bound: Settings) -> None:
    token = sign(bound.keyring.current(), "session", {"sub": "ada", "iss": "other", "properties": {}}, 60)

    with pytest.raises(NotSignedIn, match="of another Auth"):
        Session.verify(token)


def test_signed_in_answers_for_who_is_not(bound: Settings) -> None:
    handler = signed_in(lambda event, context, session: session.subject)

    assert handler({}, None)["statusCode"] == 401
    assert handler({"headers": {"authorization": f"Bearer {Session.create('ada')}"}}, None) == "ada"


# Requests and signatures


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


# A key that verifies anything that ends right, were the padding taken apart instead of compared: cube roots forge it.
_MODULUS = (1 << 2047) + 981
_KEY = {"n": base64url(_MODULUS.to_bytes(256, "big")), "e": base64url(b"\x03")}


def test_a_forged_signature_with_short_padding_is_refused() -> None:
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(b"signed").digest()
    prefix = int.from_bytes(b"\x00\x01\xff\x00" + digest + b"\x00" * (256 - 4 - len(digest)), "big")
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < prefix else (low, middle)
    forged = low.to_bytes(256, "big")

    # What a lax reader would accept begins with the right padding and hash, and has garbage behind them.
    assert (low**3).to_bytes(256, "big")[: 4 + len(digest)] == b"\x00\x01\xff\x00" + digest
    assert not is_signed("signed", forged, _KEY)
    assert not is_signed("signed", forged[1:], _KEY)
    assert not is_signed("signed", b"\xff" * 256, _KEY)
    assert not is_signed("signed", forged[:128], {**_KEY, "n": base64url(b"\xff" * 128)})


@pytest.mark.parametrize(
    "address",
    ["http://example.com/x", "file:///etc/passwd", "file://localhost/etc/passwd", "ftp://127.0.0.1/"],
)
def test_providers_are_called_over_tls_only(address: str) -> None:
    with pytest.raises(ProviderError, match="not https"):
        fetch(address)


# Providers


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
