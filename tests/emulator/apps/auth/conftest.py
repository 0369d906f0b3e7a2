"""An app that people sign in to, shared by the tests of this folder, and the provider that knows them."""

from __future__ import annotations

import textwrap

import pytest

from .openid_provider import CLIENT_SECRET, Browser, OpenIdProvider

APP = """
    from sundog import Api, App, Auth, Function, Queue, WebSocketApi

    app = App()
    KEYS = (1, 1)


    @app.stack
    def backend(stack):
        mails = Queue(stack, "mails", consumer="functions/mails.deliver")
        api = Api(
            stack,
            "api",
            authorizers={{"members": {{"type": "lambda", "function": "functions/me.check"}}}},
            routes={{
                "GET /me": "functions/me.handler",
                "GET /members": {{"handler": "functions/me.member", "authorizer": "members"}},
            }},
        )
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
            key_version=KEYS[0],
            oldest_key_version=KEYS[1],
        )
        Function(
            stack, "token", handler="functions/me.token", bind=[auth], permissions=[(auth, "grant_signing")]
        )
        Function(stack, "forger", handler="functions/me.token", bind=[auth])
        chat = WebSocketApi(
            stack, "chat", bind=[auth], routes={{"$connect": "functions/me.connect", "$default": "functions/me.say"}}
        )
        stack.outputs(ChatUrl=chat.url, ApiUrl=api.url, AuthUrl=auth.url)


    app.synth()
"""

AUTH = """
    import json
    import os

    from sundog_runtime import resources
    from sundog_runtime.auth import Apple, AuthHandler, Facebook, GitHub, Google, MagicLink, Microsoft, OAuth2, Oidc
    from sundog_runtime.auth import SignInRefused, Twitch

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
            "google": Google(issuer=f"{ISSUER}/google", **CLIENT),
            "microsoft": Microsoft(authority=f"{ISSUER}/microsoft", **CLIENT),
            "apple": Apple(issuer=f"{ISSUER}/apple", **CLIENT),
            "twitch": Twitch(issuer=f"{ISSUER}/twitch", **CLIENT),
            "github": GitHub(
                authorize_url=f"{ISSUER}/github/authorize",
                token_url=f"{ISSUER}/github/token",
                user_url=f"{ISSUER}/github/user",
                **CLIENT,
            ),
            "facebook": Facebook(
                authorize_url=f"{ISSUER}/facebook/authorize",
                token_url=f"{ISSUER}/facebook/token",
                user_url=f"{ISSUER}/facebook/me",
                **CLIENT,
            ),
            # Nothing listens at this port.
            "down": Oidc(issuer="http://127.0.0.1:9", **CLIENT),
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


    def check(event, context):
        session = Session.find(event)
        return {"isAuthorized": session is not None, "context": {"subject": session.subject if session else None}}


    def member(event, context):
        return event["requestContext"]["authorizer"]["lambda"]


    def connect(event, context):
        session = Session.find(event)
        if session is None:
            return {"statusCode": 401}
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "session"}}


    def say(event, context):
        return {"statusCode": 200}


    def token(event, context):
        return Session.create("robot", {"made": "by hand"}, expires_in=event["seconds"])
"""

MAILS = """
    def deliver(event, context):
        return len(event["Records"])
"""


@pytest.fixture(scope="package")
def openid():
    started = OpenIdProvider()
    yield started
    started.close()


@pytest.fixture
def provider(openid):
    openid.reset()
    return openid


@pytest.fixture(scope="package")
def app(start_app, tmp_path_factory, openid):
    source = tmp_path_factory.mktemp("source") / "auth"
    files = {
        "app.py": APP.format(issuer=openid.url, secret=CLIENT_SECRET),
        "functions/auth.py": AUTH,
        "functions/me.py": ME,
        "functions/mails.py": MAILS,
    }
    for path, content in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(textwrap.dedent(content), "utf-8")
    with start_app(source) as running:
        yield running


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def at(app):
    """The address of a path of the API."""
    return lambda path: app.output("ApiUrl") + path
