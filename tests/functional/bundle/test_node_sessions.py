"""Sessions in a JavaScript handler: what Python's authenticator signed, and what others forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from sundog_runtime.auth._keys import Keyring
from sundog_runtime.auth._tokens import read, sign

from sundog.aws.provided import auth_keys

pytestmark = pytest.mark.xdist_group("npm")

PUBLIC, PRIVATE = "/sundog/a/prod/auth/auth/public", "/sundog/a/prod/auth/auth/private"
AUTH = {
    "kind": "Auth",
    "name": "auth",
    "url": "https://api.example.com",
    "prefix": "/auth",
    "redirects": [],
    "session_seconds": 3600,
    "public_keys": PUBLIC,
    "table": "used-once",
}
CLAIMS = {"sub": "ada", "iss": "auth", "properties": {"plan": "gold"}}


@pytest.fixture(scope="module")
def keys():
    """Two keys, the newest first: the one before it still signs sessions that are good."""
    return [{**auth_keys.made(2, 0), "id": "two"}, {**auth_keys.made(1, 0), "id": "one"}]


@pytest.fixture(scope="module")
def private(keys):
    return Keyring(lambda: json.dumps({"keys": keys}))


@pytest.fixture
def bound_environ(systems_manager, keys):
    systems_manager.values = {
        PUBLIC: json.dumps({"keys": auth_keys.shown(keys, [])}),
        PRIVATE: json.dumps({"keys": keys}),
    }
    return {"SUNDOG_RESOURCE_AUTH": json.dumps(AUTH), **systems_manager.environ}


@pytest.fixture
def look(evaluate, npm_packages):
    """Says what `Session.verify` makes of tokens or events."""

    def verified(*events, **environ):
        asked = [f"Session.verify({json.dumps(event)})" for event in events]
        return evaluate(*asked, node_modules=npm_packages, **environ)

    return verified


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def part(content):
    return encoded(json.dumps(content).encode())


def test_sessions_that_python_signed_are_found_wherever_they_are(look, private, systems_manager):
    new, old = (sign(private.find(name), "session", CLAIMS, 600) for name in ("two", "one"))
    found = look(
        new,
        old,
        {"headers": {"Authorization": f"bearer {new}"}},
        {"headers": {}, "cookies": ["other=1", f"__Host-auth-session={new}"]},
        {"headers": {"cookie": f"a=b; __Host-auth-session={new}"}},
        {"headers": {"Sec-WebSocket-Protocol": f"session, {new}"}},
    )

    assert [(one["subject"], one["properties"]) for one in found] == [("ada", {"plan": "gold"})] * 6
    assert {one["expiresAt"] - one["issuedAt"] for one in found} == {600}
    assert systems_manager.asked == 1


def test_forged_changed_and_old_sessions_are_refused(look, private, keys):
    key = private.current()
    token = sign(key, "session", CLAIMS, 600)
    header, body, signature = token.split(".")
    public = json.dumps(auth_keys.shown(keys, [])[0]["jwk"]).encode()
    confused = f"{part({'alg': 'HS256', 'kid': 'two'})}.{body}"
    forged = f"{confused}.{encoded(hmac.new(public, confused.encode(), hashlib.sha256).digest())}"
    foreign = sign(key._replace(jwk=auth_keys.made(1, 0)["jwk"]), "session", CLAIMS, 600)

    assert look(
        f"{part({'alg': 'none', 'kid': 'two'})}.{body}.",
        forged,
        f"{part({'alg': 'RS256'})}.{body}.{signature}",
        sign(key._replace(id="three"), "session", CLAIMS, 600),
        foreign,
        f"{header}.{part({**CLAIMS, 'aud': 'session', 'iat': 0, 'exp': 9e9})}.{signature}",
        f"{header}.{body}.{signature}=",
        sign(key, "session", CLAIMS, -1),
        sign(key, "session", {**CLAIMS, "iss": "another"}, 600),
        sign(key, "flow", CLAIMS, 600),
        "nonsense",
        {"headers": {"authorization": "Bearer nonsense"}, "cookies": [f"__Host-auth-session={token}"]},
        {"headers": {"cookie": f"auth-session={token}"}},
        {"headers": {"sec-websocket-protocol": token}},
    ) == [
        "NotSignedIn: the session is not good: it is signed in another way",
        "NotSignedIn: the session is not good: it is signed in another way",
        "NotSignedIn: the session is not good: it is signed in another way",
        "NotSignedIn: the session is not good: it is signed with a key that is not or no longer used",
        "NotSignedIn: the session is not good: it was changed, or is for something else",
        "NotSignedIn: the session is not good: it was changed, or is for something else",
        "NotSignedIn: the session is not good: it is not encoded as a token is",
        "NotSignedIn: the session is not good: it has expired",
        "NotSignedIn: the session is of another Auth",
        "NotSignedIn: the session is not good: it is signed in another way",
        "NotSignedIn: the session is not good: it is no token",
        "NotSignedIn: the session is not good: it is no token",
        "NotSignedIn: the request has no session",
        "NotSignedIn: the request has no session",
    ]


def test_only_who_was_let_makes_sessions(evaluate, npm_packages):
    create = "Session.create('ada', { plan: 'gold' }, { expiresIn: 60 })"
    (refused,) = evaluate(create, node_modules=npm_packages)
    assert refused == (
        "CannotSign: only the authenticator of the Auth `auth` makes sessions, and this function is another; let it: "
        '`permissions=[(auth, "grant_signing")]` in `app.py`'
    )


def test_who_was_let_makes_sessions_that_python_takes(evaluate, npm_packages, keys):
    create = "Session.create('ada', { plan: 'gold' }, { expiresIn: 60 })"
    (token,) = evaluate(create, node_modules=npm_packages, SUNDOG_AUTH_SIGNER_AUTH=PRIVATE)
    claims = read(Keyring(lambda: json.dumps({"keys": auth_keys.shown(keys, [])})), "session", token)

    assert {name: claims[name] for name in CLAIMS} == CLAIMS
    assert claims["exp"] - claims["iat"] == 60
    assert claims["iat"] <= time.time()


def test_handlers_answer_for_who_is_not_signed_in(evaluate, npm_packages, private):
    token = sign(private.current(), "session", CLAIMS, 600)
    wrapped = "signedIn(async (event, context, session) => session.subject)"

    answered, passed, found, none = evaluate(
        f"{wrapped}({{}}, {{}})",
        f"{wrapped}({{ headers: {{ authorization: 'Bearer {token}' }} }}, {{}})",
        f"Session.find({{ headers: {{ authorization: 'Bearer {token}' }} }})",
        "Session.find({})",
        node_modules=npm_packages,
    )

    assert (answered["statusCode"], json.loads(answered["body"])) == (401, {"message": "Unauthorized"})
    assert (passed, found["subject"]) == ("ada", "ada")
    assert none is None


def test_a_function_without_the_binding_is_told_what_to_add(evaluate):
    (said,) = evaluate("Session.verify('token')", SUNDOG_RESOURCE_AUTH="{}")

    assert said == (
        "AuthNotBound: an Auth is not bound to this function; add `bind=[auth]` to it in `app.py`, "
        "or give it a route of the Auth's API"
    )
