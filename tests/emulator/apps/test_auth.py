"""Sign-in: with a real provider over HTTP, with links by e-mail, and what forged, old and repeated requests get."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from .openid_provider import CLIENT_ID, CLIENT_SECRET, Browser, OpenIdProvider

pytestmark = pytest.mark.xdist_group("apps")

APP = """
    from sundog import Api, App, Auth, Function, Queue

    app = App()


    @app.stack
    def backend(stack):
        mails = Queue(stack, "mails", consumer="functions/mails.deliver")
        api = Api(stack, "api", routes={{"GET /me": "functions/me.handler"}})
        auth = Auth(
            stack,
            "auth",
            api=api,
            authenticator={{
                "handler": "functions/auth.handler",
                "bind": [mails],
                "environment": {{"ISSUER": "{issuer}", "SECRET": "{secret}"}},
            }},
            redirects=["https://app.example.com", "http://localhost:5173"],
            session="1 hour",
            key_version=1,
        )
        Function(stack, "token", handler="functions/me.token", bind=[auth])
        stack.outputs(ApiUrl=api.url, AuthUrl=auth.url)


    app.synth()
"""

AUTH = """
    import json
    import os

    from sundog_runtime import resources
    from sundog_runtime.auth import AuthHandler, MagicLink, OAuth2, Oidc, SignInRefused

    ISSUER = os.environ["ISSUER"]
    CLIENT = {"client_id": "notes", "client_secret": lambda: os.environ["SECRET"]}


    def send(address, link):
        body = json.dumps({"address": address, "link": link})
        resources.mails.client.send_message(QueueUrl=resources.mails.queue_url, MessageBody=body)


    def welcome(identity):
        if identity.email == "mallory@example.com":
            raise SignInRefused("not for you")
        return {"subject": f"{identity.provider}-{identity.subject}", "verified": identity.email_verified}


    handler = AuthHandler(
        {
            "oidc": Oidc(issuer=ISSUER, **CLIENT),
            "oauth": OAuth2(
                authorize_url=f"{ISSUER}/authorize",
                token_url=f"{ISSUER}/token",
                user_url=f"{ISSUER}/user",
                scopes=["user"],
                **CLIENT,
            ),
            "email": MagicLink(send=send),
        },
        on_sign_in=welcome,
    )
"""

ME = """
    from sundog_runtime.auth import Session, signed_in


    @signed_in
    def handler(event, context, session):
        return {"subject": session.subject, **session.properties}


    def token(event, context):
        return Session.create("robot", {"made": "by hand"}, expires_in=event["seconds"])
"""

MAILS = """
    def deliver(event, context):
        return len(event["Records"])
"""


@pytest.fixture(scope="module")
def openid():
    started = OpenIdProvider()
    yield started
    started.close()


@pytest.fixture
def provider(openid):
    openid.reset()
    return openid


@pytest.fixture(scope="module")
def app(deploy_app, openid):
    app = APP.format(issuer=openid.url, secret=CLIENT_SECRET)
    return deploy_app(app, {"functions/auth.py": AUTH, "functions/me.py": ME, "functions/mails.py": MAILS})


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def at(app):
    """The address of a path of the API."""
    return lambda path: app.output("ApiUrl") + path


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

    assert refusal(browser.open(back.replace(own, stolen)), 502) == "provider_error"
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


def test_a_changed_session_is_no_session(browser, at, provider):
    browser.open(go_to_provider(browser, at))
    (cookies,) = [kept for kept in browser.cookies.values() if "auth-session" in kept]
    token = cookies["auth-session"]
    header, body, signature = token.split(".")

    def status(changed):
        return Browser().open(at("/me"), headers={"authorization": f"Bearer {changed}"}).status

    assert status(token) == 200
    assert status(f"{header}.{body}.{altered(signature)}") == 401
    assert status(f"{header}.{altered(body)}.{signature}") == 401
    assert status("") == 401
    # A token of the flow is signed with the same secret, for something else.
    begun = Browser()
    begun.open(at("/auth/oidc/start"))
    (flow,) = [value for kept in begun.cookies.values() for value in kept.values()]
    assert status(flow) == 401


def test_a_session_is_good_until_it_expires(app, at):
    def me(seconds):
        token = app.invoke("token", {"seconds": seconds})
        return Browser().open(at("/me"), headers={"authorization": f"Bearer {token}"})

    assert me(60).json() == {"subject": "robot", "made": "by hand"}
    assert me(0).status == 401
    assert me(-60).json() == {"message": "Unauthorized"}


def test_what_is_not_there_is_not_found(browser, at):
    assert refusal(browser.open(at("/auth/nobody/start")), 404) == "not_found"
    assert refusal(browser.open(at("/auth/email/start")), 405) == "invalid_request"


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


def token_of(address):
    return parse_qs(urlsplit(address).query)["token"][0]


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


def test_the_secret_is_encrypted_and_in_no_template(app):
    name = f"/sundog/{app.manifest.app}/local/auth/auth"
    stored = app.aws("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
    secrets = [key["secret"] for key in json.loads(stored["Value"])["keys"]]
    template = app.aws("cloudformation").get_template(StackName=f"local-{app.manifest.app}-backend")

    assert stored["Type"] == "SecureString"
    assert [secret for secret in secrets if secret in str(template["TemplateBody"])] == []


def test_a_new_key_signs_and_the_one_before_it_is_still_good(app, browser, at, provider):
    name = f"/sundog/{app.manifest.app}/local/auth/auth"
    browser.open(go_to_provider(browser, at))
    before = json.loads(app.aws("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])[
        "keys"
    ]
    app.edit("app.py", "key_version=1", "key_version=2")
    app.deploy()
    after = json.loads(app.aws("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])[
        "keys"
    ]

    assert [key["version"] for key in after] == ["2", "1"]
    assert after[1] == before[0]
    assert browser.open(at("/me")).status == 200


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
