"""Sessions: where they are found in a request, and which are good."""

from __future__ import annotations

import json

import pytest
from sundog_runtime.auth import CannotSign, NotSignedIn, Session, signed_in
from sundog_runtime.auth._keys import Keyring
from sundog_runtime.auth._settings import Settings, settings_of
from sundog_runtime.auth._tokens import sign

from .conftest import VALUES


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch, public: Keyring, private: Keyring) -> Settings:
    monkeypatch.setenv("SUNDOG_RESOURCE_AUTH", json.dumps(VALUES))
    found = settings_of()
    monkeypatch.setattr(found, "keyring", public)
    monkeypatch.setattr(found, "_signing", private)
    return found


def test_a_session_is_found_in_the_cookie_and_in_the_header(bound: Settings) -> None:
    token = Session.create("ada", {"plan": "gold"})
    assert bound.session_cookie == "__Host-auth-session"

    for event in (
        {"cookies": ["other=1; x", f"__Host-auth-session={token}"]},
        {"headers": {"Cookie": f"a=b; __Host-auth-session={token}"}},
        {"headers": {"Authorization": f"bearer {token}"}},
        {"headers": {"Sec-WebSocket-Protocol": f"session, {token}"}},
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
    token = sign(bound.signing.current(), "session", {"sub": "ada", "iss": "other", "properties": {}}, 60)

    with pytest.raises(NotSignedIn, match="of another Auth"):
        Session.verify(token)


def test_signed_in_answers_for_who_is_not(bound: Settings) -> None:
    handler = signed_in(lambda event, context, session: session.subject)

    assert handler({}, None)["statusCode"] == 401
    assert handler({"headers": {"authorization": f"Bearer {Session.create('ada')}"}}, None) == "ada"


def test_a_function_that_is_not_the_authenticator_makes_no_sessions(
    bound: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = Session.create("ada")
    monkeypatch.setattr(bound, "_signing", None)

    assert Session.verify(token).subject == "ada"
    with pytest.raises(CannotSign) as refused:
        Session.create("mallory")
    assert str(refused.value) == (
        "only the authenticator of the Auth `auth` makes sessions, and this function is another; let it: "
        '`permissions=[(auth, "grant_signing")]` in `app.py`'
    )
    with pytest.raises(KeyError):
        sign(bound.keyring.current(), "session", {}, 60)


def test_no_session_is_longer_than_its_key_is_kept_for(bound: Settings) -> None:
    session = Session.verify(Session.create("ada", expires_in=10 * 3600))

    assert session.expires_at - session.issued_at == 3600
