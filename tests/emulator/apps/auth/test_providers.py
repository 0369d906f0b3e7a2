"""Sign-in with a provider over HTTP, and what forged, old and repeated requests get."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from .openid_provider import CLIENT_ID, Browser
from .steps import go_to_provider, location, refusal

pytestmark = pytest.mark.xdist_group("apps-auth")


def warnings(app, mark):
    """What the functions have warned of."""
    return [line for line in app.logs(since=mark) if "WARNING" in line]


@pytest.mark.parametrize(
    ("provider_name", "subject", "verified"), [("oidc", "oidc-ada-1", True), ("oauth", "oauth-17", False)]
)
def test_somebody_signs_in_with_a_provider_and_out_again(
    browser, at, provider, provider_name, subject, verified
):
    assert browser.open(at("/me")).status == 401

    back = go_to_provider(browser, at, provider_name)
    assert location(browser.open(back)) == at("/after")
    me = browser.open(at("/me"))
    session = browser.open(at("/auth/session")).json()

    assert me.json() == {"subject": subject, "verified": verified}
    assert (session["signed_in"], session["subject"]) == (True, subject)
    assert browser.open(at("/auth/sign-out"), "POST").status == 204
    assert browser.open(at("/me")).status == 401
    assert browser.open(at("/auth/session")).json() == {"signed_in": False}


def test_the_provider_is_asked_with_state_nonce_and_a_challenge(browser, at, provider):
    authorize = location(browser.open(at("/auth/oidc/start")))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(authorize).query).items()}

    assert authorize.startswith(f"{provider.url}/authorize?")
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == at("/auth/oidc/callback")
    assert asked["scope"] == "openid email profile"
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser, at, provider):
    browser.open(go_to_provider(browser, at))

    assert browser.attributes["auth-session"] == "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"
    flows = [text for name, text in browser.attributes.items() if name.startswith("auth-flow-")]
    assert flows == ["Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]


def test_answers_are_kept_by_no_cache_and_name_no_address_to_others(browser, at, provider):
    answered = browser.open(at("/auth/oidc/start"))

    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["referrer-policy"] == "no-referrer"


def test_another_state_is_refused(browser, at, provider):
    back = go_to_provider(browser, at)
    state = parse_qs(urlsplit(back).query)["state"][0]

    assert refusal(browser.open(back.replace(state, "x" * len(state))), 400) == "invalid_state"
    assert browser.open(at("/me")).status == 401


def test_a_sign_in_that_another_browser_began_is_refused(browser, at, provider):
    """Otherwise somebody could be signed in to the account of who sent them the address."""
    back = go_to_provider(browser, at)
    victim = Browser()

    assert refusal(victim.open(back), 400) == "invalid_state"


def test_a_sign_in_with_one_provider_does_not_end_at_another(browser, at, provider):
    back = go_to_provider(browser, at, "oidc")

    assert refusal(browser.open(back.replace("/oidc/", "/oauth/")), 400) == "invalid_state"


def test_a_way_back_is_good_once(browser, at, provider):
    back = go_to_provider(browser, at)
    thief = Browser()
    thief.cookies = {host: dict(kept) for host, kept in browser.cookies.items()}
    location(browser.open(back))

    assert refusal(browser.open(back), 400) == "invalid_state"
    assert refusal(thief.open(back), 400) == "used_before"


def test_a_code_of_another_sign_in_is_refused_by_the_challenge(browser, at, provider):
    stolen = parse_qs(urlsplit(go_to_provider(Browser(), at)).query)["code"][0]
    back = go_to_provider(browser, at)
    own = parse_qs(urlsplit(back).query)["code"][0]

    assert refusal(browser.open(back.replace(own, stolen)), 400) == "invalid_code"
    assert browser.open(at("/me")).status == 401


def test_an_answer_of_another_issuer_is_refused(browser, at, provider):
    back = go_to_provider(browser, at).partition("&iss=")[0] + "&iss=https://evil.example"

    assert refusal(browser.open(back), 400) == "invalid_issuer"


@pytest.mark.parametrize(
    ("lie", "header", "reason"),
    [
        ({"nonce": "of another sign-in"}, {}, "of another sign-in"),
        ({"aud": "another-app"}, {}, "for another app"),
        ({"aud": [CLIENT_ID, "other"], "azp": "other"}, {}, "issued to another app"),
        ({"iss": "https://evil.example"}, {}, "of another issuer"),
        ({"exp": 1}, {}, "has expired"),
        ({}, {"alg": "none"}, "signed with none"),
        ({}, {"alg": "HS256"}, "signature is not the provider's"),
        ({}, {"kid": "unknown"}, "signature is not the provider's"),
    ],
)
def test_an_id_token_that_is_not_good_signs_nobody_in(browser, at, provider, lie, header, reason):
    provider.claims, provider.header = lie, header
    answered = browser.open(go_to_provider(browser, at))

    assert refusal(answered, 502) == "provider_error"
    assert reason in answered.json()["message"]
    assert browser.open(at("/me")).status == 401


@pytest.mark.parametrize(
    ("name", "subject", "verified"),
    [
        ("google", "google-ada-1", True),
        ("microsoft", "microsoft-ada-1", True),
        ("twitch", "twitch-ada-1", True),
        ("github", "github-17", True),
        ("facebook", "facebook-f-1", False),
    ],
)
def test_each_of_the_known_providers_signs_in_its_own_way(browser, at, provider, name, subject, verified):
    """Their real addresses are settings; what they ask for, send and take is theirs."""
    assert location(browser.open(go_to_provider(browser, at, name))) == at("/after")
    assert browser.open(at("/me")).json() == {"subject": subject, "verified": verified}


def test_apple_sends_people_back_with_a_post(browser, at, provider):
    authorize = location(browser.open(at("/auth/apple/start?redirect=/after")))
    page = browser.open(authorize).json()
    pressed = browser.post(page["action"], page["form"], headers={"origin": "https://appleid.apple.com"})

    assert provider.asked[-1]["response_mode"] == "form_post"
    assert provider.asked[-1]["scope"] == "openid name email"
    assert location(pressed, 303) == at("/after")
    assert browser.open(at("/me")).json() == {"subject": "apple-ada-1", "verified": True}


def test_microsoft_takes_a_token_of_the_persons_own_directory_only(browser, at, provider):
    provider.claims = {"tid": "00000000-0000-0000-0000-000000000000"}
    answered = browser.open(go_to_provider(browser, at, "microsoft"))

    assert refusal(answered, 502) == "provider_error"
    assert "of another issuer" in answered.json()["message"]


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"iat": -30, "exp": 270}, None),
        ({"iat": 30, "exp": 330}, None),
        ({"iat": -600, "exp": -30}, None),
        ({"iat": 600, "exp": 900}, "from the future"),
        ({"iat": -600, "exp": -90}, "has expired"),
    ],
    ids=["behind", "ahead", "a little too old", "far ahead", "too old"],
)
def test_clocks_may_differ_by_a_minute(browser, at, provider, lie, reason):
    now = int(time.time())
    provider.claims = {name: now + seconds for name, seconds in lie.items()}
    answered = browser.open(go_to_provider(browser, at))

    if reason is None:
        assert location(answered) == at("/after")
    else:
        assert refusal(answered, 502) == "provider_error"
        assert reason in answered.json()["message"]


@pytest.mark.parametrize("name", ["oidc", "github"])
def test_a_code_that_has_expired_says_to_begin_again(app, browser, at, provider, name):
    back = go_to_provider(browser, at, name)
    provider.codes.clear()
    mark = app.mark()
    answered = browser.open(back)

    assert refusal(answered, 400) == "invalid_code"
    assert answered.json()["message"].endswith("begin again")
    (line,) = warnings(app, mark)
    assert f"GET {name}/callback: invalid_code: the provider's code is not good any more" in line
    assert "code=" not in line
    assert location(browser.open(go_to_provider(browser, at, name))) == at("/after")


def test_a_provider_that_is_down_is_said_to_be(app, browser, at, provider):
    mark = app.mark()
    answered = browser.open(at("/auth/down/start"))

    assert refusal(answered, 503) == "provider_unreachable"
    assert answered.json()["message"] == "127.0.0.1 cannot be reached; try again later"
    (line,) = warnings(app, mark)
    assert "GET down/start: provider_unreachable: 127.0.0.1 cannot be reached" in line
    assert "Connection refused" in line


def test_a_provider_that_fails_is_said_to(app, browser, at, provider):
    back = go_to_provider(browser, at)
    provider.fails = True
    mark = app.mark()
    answered = browser.open(back)

    assert refusal(answered, 502) == "provider_error"
    assert answered.json()["message"] == "127.0.0.1 answered 500: no reason given"
    (line,) = warnings(app, mark)
    assert "GET oidc/callback: provider_error: 127.0.0.1 answered 500" in line


def test_what_is_refused_is_in_the_log_without_what_is_secret(app, browser, at, provider):
    back = go_to_provider(browser, at)
    parts = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    mark = app.mark()
    Browser().open(back)

    (line,) = warnings(app, mark)
    assert "GET oidc/callback: invalid_state: this browser did not begin the sign-in" in line
    assert [value for name, value in parts.items() if name != "iss" and value in line] == []


def test_who_says_no_at_the_provider_comes_back_with_the_reason(browser, at, provider):
    provider.denies = True

    assert location(browser.open(go_to_provider(browser, at))) == at("/after?error=access_denied")
    assert browser.open(at("/me")).status == 401


def test_the_app_can_refuse_somebody(browser, at, provider):
    provider.claims = {"email": "mallory@example.com"}
    answered = browser.open(go_to_provider(browser, at))

    assert refusal(answered, 403) == "access_denied"
    assert answered.json()["message"] == "not for you"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://app.example.com@evil.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "javascript:alert(1)",
        "/%0d%0aset-cookie:a=b",
    ],
)
def test_nobody_is_sent_to_a_foreign_page(browser, at, provider, target):
    assert refusal(browser.open(at(f"/auth/oidc/start?redirect={target}")), 400) == "invalid_redirect"


@pytest.mark.parametrize("target", ["https://app.example.com/in?a=1", "http://localhost:5173/"])
def test_people_are_sent_back_to_the_apps_own_sites(browser, at, provider, target):
    assert location(browser.open(go_to_provider(browser, at, query=f"?redirect={target}"))) == target


def test_what_is_not_there_is_not_found(browser, at):
    assert refusal(browser.open(at("/auth/nobody/start")), 404) == "not_found"
    assert refusal(browser.open(at("/auth/email/start")), 405) == "invalid_request"
