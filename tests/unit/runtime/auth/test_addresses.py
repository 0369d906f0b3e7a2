"""Where people are sent, and what a function is told that has no `Auth`."""

from __future__ import annotations

import json

import pytest
from sundog_runtime.auth import AuthNotBound, SignInError
from sundog_runtime.auth._settings import Settings, origin_of, settings_of

from .conftest import VALUES


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
