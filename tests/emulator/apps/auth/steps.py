"""What a browser does while somebody signs in, and what it is answered."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from .openid_provider import Browser


def location(answered, status=302):
    assert answered.status == status, (answered.status, answered.text)
    return answered.headers["location"]


def refusal(answered, status):
    assert answered.status == status, (answered.status, answered.text)
    assert answered.headers.get("location") is None
    return answered.json()["error"]


def altered(text):
    """Another text of the same length."""
    return ("B" if text[0] == "A" else "A") + text[1:]


def go_to_provider(browser, at, provider="oidc", query="?redirect=/after"):
    """Begin, sign in there, and return the address that the provider sends the browser back to."""
    authorize = location(browser.open(at(f"/auth/{provider}/start{query}")))
    return location(browser.open(authorize))


def session_of(browser):
    """The token in the browser's session cookie."""
    (cookies,) = [kept for kept in browser.cookies.values() if "auth-session" in kept]
    return cookies["auth-session"]


def status_with(at, token):
    """What somebody gets who sends a token to a route for people who are signed in."""
    return Browser().open(at("/me"), headers={"authorization": f"Bearer {token}"}).status


def token_of(address):
    """The token in a link."""
    return parse_qs(urlsplit(address).query)["token"][0]
