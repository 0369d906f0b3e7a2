"""Sign-in with links by e-mail, and the example of the page."""

from __future__ import annotations

import json

import pytest

from .openid_provider import Browser
from .steps import altered, location, refusal, token_of

pytestmark = pytest.mark.xdist_group("apps-auth")


@pytest.fixture
def link(app, at):
    """Asks for a link, and takes it out of the mail."""

    def ask(address, **more):
        mark = app.mark()
        answered = Browser().post(at("/auth/email/start"), {"email": address, **more})
        assert (answered.status, answered.json()) == (202, {"sent": True})
        (seen,) = app.wait_for("deliver", where=lambda one: one.event["Records"], since=mark)
        return json.loads(seen.event["Records"][0]["body"])

    return ask


def test_a_link_signs_in_once_when_the_button_is_pressed(browser, at, link):
    mail = link("Ada@Example.COM", redirect="/welcome")
    page = browser.open(mail["link"])
    looked_at_again = browser.open(mail["link"])

    assert mail["address"] == "Ada@example.com"
    assert (page.status, looked_at_again.status) == (200, 200)
    assert "Sign in as <strong>Ada@example.com</strong>" in page.text
    assert "script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert browser.open(at("/me")).status == 401

    pressed = browser.post(mail["link"], {"token": token_of(mail["link"])})
    assert location(pressed, 303) == at("/welcome")
    assert browser.open(at("/me")).json() == {"subject": "email-Ada@example.com", "verified": True}

    again = Browser().post(mail["link"], {"token": token_of(mail["link"])})
    assert refusal(again, 400) == "used_before"


def test_another_site_cannot_press_the_button(browser, link):
    mail = link("eve@example.com")
    pressed = browser.post(
        mail["link"], {"token": token_of(mail["link"])}, headers={"origin": "https://evil.example"}
    )

    assert refusal(pressed, 403) == "invalid_origin"


def test_a_changed_link_is_refused(browser, link):
    address = link("kim@example.com")["link"]
    header, body, signature = token_of(address).split(".")

    assert refusal(browser.open(address.replace(signature, altered(signature))), 400) == "invalid_link"
    assert refusal(browser.post(address, {"token": f"{header}.{body}."}), 400) == "invalid_link"
    assert refusal(browser.post(address, {"token": signature}), 400) == "invalid_link"


@pytest.mark.parametrize("address", ["", "ada", "a@b@c", "ada@example.com\r\nbcc: x@y.z", "@example.com"])
def test_what_is_no_address_gets_no_mail(browser, at, address):
    assert refusal(browser.post(at("/auth/email/start"), {"email": address}), 400) == "invalid_email"


def test_the_example_of_the_page_runs(deploy_example, browser):
    example = deploy_example("auth")
    at = example.output("AuthUrl")
    authorize = location(browser.open(f"{at}/github/start?redirect=http://localhost:5173/home"))
    mark = example.mark()
    sent = browser.open(f"{at}/email/start", "POST", content={"email": "ada@example.com"})
    (mail,) = example.wait_for("deliver", since=mark)
    link = json.loads(mail.event["Records"][0]["body"])["text"].removeprefix("Sign in: ")
    pressed = browser.post(link, {"token": token_of(link)})

    assert authorize.startswith("https://github.com/login/oauth/authorize?response_type=code&client_id=Iv1")
    assert sent.status == 202
    assert location(pressed, 303) == example.output("ApiUrl") + "/"
    assert browser.open(example.output("ApiUrl") + "/me").json() == {
        "subject": "ada@example.com",
        "signed_in_with": "email",
    }
