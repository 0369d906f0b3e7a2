"""Sessions: which are good, who can make them, and what becomes of them when there is a new key."""

from __future__ import annotations

import hashlib
import hmac
import json
import re

import pytest
from sundog_runtime.auth._encoding import base64url, decoded
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sundog.testing.calling import FunctionFailed

from .openid_provider import Browser, encoded, rs256
from .steps import altered, go_to_provider, session_of, status_with

pytestmark = pytest.mark.xdist_group("apps-auth")


def keys(app, part):
    """The keys as they are kept, and how they are."""
    name = f"/sundog/{app.manifest.app}/local/auth/auth/{part}"
    found = app.aws("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
    return json.loads(found["Value"])["keys"], found["Type"]


def template(app):
    found = app.aws("cloudformation").get_template(StackName=f"local-{app.manifest.app}-backend")[
        "TemplateBody"
    ]
    return found if isinstance(found, dict) else json.loads(found)


def readable(app, function):
    """The parameters that the role of a function may read, as the policies in the cloud have them."""
    role = app.aws("lambda").get_function_configuration(FunctionName=app.physical_name(function))["Role"]
    role = role.rpartition("/")[2]
    iam = app.aws("iam")
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    statements = [one for document in documents for one in document["Statement"]]
    return [
        resource.rpartition("/")[2]
        for one in statements
        if "ssm:" in str(one["Action"])
        for resource in (one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]])
    ]


def test_a_changed_session_is_no_session(browser, at, provider):
    browser.open(go_to_provider(browser, at))
    token = session_of(browser)
    header, body, signature = token.split(".")
    flow = Browser()
    flow.open(at("/auth/oidc/start"))
    (of_a_flow,) = [value for kept in flow.cookies.values() for value in kept.values()]

    assert status_with(at, token) == 200
    assert status_with(at, f"{header}.{body}.{altered(signature)}") == 401
    assert status_with(at, f"{header}.{altered(body)}.{signature}") == 401
    assert status_with(at, "") == 401
    assert status_with(at, of_a_flow) == 401


def test_a_session_that_somebody_else_signed_is_refused(app, browser, at, provider):
    browser.open(go_to_provider(browser, at))
    header, body, _ = session_of(browser).split(".")
    public, _ = keys(app, "public")
    claims = {**decoded(body), "sub": "mallory"}
    confused = f"{encoded(json.dumps({**decoded(header), 'alg': 'HS256'}).encode())}.{body}"

    def with_secret(secret):
        return f"{confused}.{base64url(hmac.new(secret, confused.encode(), hashlib.sha256).digest())}"

    assert status_with(at, rs256(decoded(header), claims)) == 401
    assert status_with(at, rs256({**decoded(header), "kid": "mine"}, claims)) == 401
    assert status_with(at, with_secret(json.dumps(public[0]["jwk"]).encode())) == 401
    unsigned = encoded(json.dumps({**decoded(header), "alg": "none"}).encode())
    assert status_with(at, f"{unsigned}.{body}.") == 401


def test_a_session_is_good_until_it_expires(app, at):
    def me(seconds):
        token = app.invoke("token", {"seconds": seconds})
        return Browser().open(at("/me"), headers={"authorization": f"Bearer {token}"})

    assert me(60).json() == {"subject": "robot", "made": "by hand"}
    assert me(0).status == 401
    assert me(-60).json() == {"message": "Unauthorized"}


def test_an_authorizer_of_the_api_checks_sessions_and_makes_none(app, at):
    token = app.invoke("token", {"seconds": 60})
    header, body, signature = token.split(".")
    (authorizer,) = [one.id for one in app.manifest.functions if one.handler == "functions/me.check"]

    def members(bearer):
        return Browser().open(at("/members"), headers={"authorization": f"Bearer {bearer}"})

    assert members(token).json() == {"subject": "robot"}
    assert members(f"{header}.{body}.{altered(signature)}").status == 403
    assert members(app.invoke("token", {"seconds": 0})).status == 403
    assert Browser().open(at("/members")).status == 401
    assert readable(app, authorizer) == ["public"]


def test_a_web_socket_is_for_who_is_signed_in(app):
    token = app.invoke("token", {"seconds": 60})

    def opened(*protocols):
        with connect(app.output("ChatUrl"), subprotocols=protocols, open_timeout=30) as connection:
            return connection.subprotocol

    assert opened("session", token) == "session"
    for refused in (("session", "nonsense"), ("session",), ("chat", token)):
        with pytest.raises(InvalidStatus) as answered:
            opened(*refused)
        assert answered.value.response.status_code == 401


def test_only_who_signs_people_in_can_read_the_private_keys(app):
    ids = {one.handler: one.id for one in app.manifest.functions}

    assert readable(app, ids["functions/me.handler"]) == ["public"]
    assert readable(app, "forger") == ["public"]
    assert sorted(readable(app, ids["functions/auth.handler"])) == ["private", "public"]
    assert sorted(readable(app, "token")) == ["private", "public"]


def test_a_function_that_can_check_sessions_makes_none(app):
    with pytest.raises(FunctionFailed, match="only the authenticator of the Auth `auth` makes sessions"):
        app.invoke("forger", {"seconds": 60})


def test_what_is_private_is_encrypted_and_shown_nowhere(app):
    private, kind = keys(app, "private")
    public, kind_of_public = keys(app, "public")
    hidden = [key["secret"] for key in private]
    hidden += [key["jwk"][part] for key in private for part in ("d", "p", "q", "dp", "dq", "qi")]
    shown = json.dumps([template(app), public, app.function("token").environment])

    assert (kind, kind_of_public) == ("SecureString", "String")
    assert {len(secret) > 40 for secret in hidden} == {True}
    assert [secret for secret in hidden if secret in shown] == []


def make_key(app, *, oldest):
    """Deploy the app with the next version of its key, and with an oldest one; return the next."""
    version = keys(app, "private")[0][0]["version"] + 1
    text = (app.root / "app.py").read_text("utf-8")
    app.write("app.py", re.sub(r"KEYS = .*", f"KEYS = ({version}, {oldest or version})", text))
    app.deploy()
    return version


def restart(app, *files):
    """Functions that start now know only what is kept now."""
    for file in files:
        app.edit(f"functions/{file}.py", "from sundog_runtime", "# restarted\nfrom sundog_runtime")


def test_a_session_outlives_a_deploy_and_a_new_key(app, browser, at, provider):
    browser.open(go_to_provider(browser, at))
    token, (before, _) = session_of(browser), keys(app, "private")
    app.deploy()
    redeployed, _ = keys(app, "private")
    version = make_key(app, oldest=before[-1]["version"])
    (private, _), (public, _) = keys(app, "private"), keys(app, "public")

    assert redeployed == before
    assert [key["version"] for key in private] == [version, version - 1]
    assert [key["version"] for key in public][:2] == [version, version - 1]
    assert private[1] == before[0]
    assert status_with(at, token) == 200
    restart(app, "me")
    assert status_with(at, token) == 200


def test_sessions_of_keys_that_are_too_old_are_good_no_more(app, browser, at, provider):
    browser.open(go_to_provider(browser, at))
    token = session_of(browser)
    version = make_key(app, oldest=None)
    restart(app, "me", "auth")
    (public, _) = keys(app, "public")

    assert [key["version"] for key in public] == [version]
    assert status_with(at, token) == 401
    browser.open(go_to_provider(browser, at))
    assert decoded(session_of(browser).partition(".")[0])["kid"] == public[0]["id"]
    assert browser.open(at("/me")).status == 200
