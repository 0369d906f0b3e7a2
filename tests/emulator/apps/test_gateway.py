"""An HTTP API: who may call its routes, and routes that no function answers."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

pytestmark = pytest.mark.xdist_group("apps-gateway")

# A key of no use outside of this test.
MODULUS = int(
    "a75396890ff4066fe73723cdbeb59f32f0e55d2f2d0c4186f9ee697005bb1ac25c346b056f94f3baf42bd1ee4e2121c0"
    "7da27e9246dae3ec4dc2b2cfd17dc802a8ee3cb00bf5af57c1761a0b76920ddcddd65f7d0c17f64da758b7516f1fd468"
    "772576951a3dd93c62d362bb583cc6f58cbac33955214e94bbcb4b1697fe08c7",
    16,
)
EXPONENT = 65537
PRIVATE = int(
    "b702b5a333cfb33ab1a99d7f6b173b087c72617937cc2fdf717d51d5346f70d524043109c1012993517c9c2009543396"
    "55d3649c98e2d067a4a54eedfe33948d8f33849cd85b0d5054db3224a423224762a597f779410ee99446633f4ac3b1cd"
    "07c694a9da705fe353fc6e524c52ae409b6acf6a8649c3f0f6cf07c7bac281",
    16,
)
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value):
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Issuer:
    """An OpenID provider, and a site that says what it was asked."""

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def token(self, **claims):
        now = int(time.time())
        claims = {"iss": self.url, "aud": "notes", "sub": "ada", "iat": now - 5, "exp": now + 600, **claims}
        header = encoded(json.dumps({"alg": "RS256", "kid": "only"}).encode())
        signed = f"{header}.{encoded(json.dumps(claims).encode())}"
        # The padding of PKCS #1 around the hash, and the private key's power of it.
        digest = SHA256_PREFIX + hashlib.sha256(signed.encode()).digest()
        padded = b"\x00\x01" + b"\xff" * (128 - len(digest) - 3) + b"\x00" + digest
        signature = pow(int.from_bytes(padded, "big"), PRIVATE, MODULUS).to_bytes(128, "big")
        return f"{signed}.{encoded(signature)}"

    def answer(self, method, path):
        if path == "/.well-known/openid-configuration":
            return 200, {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            key = {"kty": "RSA", "kid": "only", "alg": "RS256", "use": "sig"}
            return 200, {"keys": [{**key, "n": number(MODULUS), "e": number(EXPONENT)}]}
        return 203, {"method": method, "path": path}

    def _handler(self):
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, content = issuer.answer(self.command, self.path)
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Echo", "kept")
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = answer  # noqa: N815 - names that the server looks for

            def log_message(self, *arguments):
                return

        return Handler


@pytest.fixture(scope="module")
def issuer():
    started = Issuer()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture(scope="module")
def app(start_app, issuer, tmp_path_factory):
    source = tmp_path_factory.mktemp("source") / "gateway"
    shutil.copytree(Path(__file__).parent / "gateway", source)
    file = source / "app.py"
    file.write_text(file.read_text().replace("{{issuer}}", issuer.url))
    with start_app(source) as running:
        yield running


@pytest.fixture
def get(app):
    def request(path, *, method="GET", token=None, **headers):
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        return app.request(method, path, headers=given, api="api")

    return request


def test_a_token_of_the_issuer_is_taken_and_its_claims_reach_the_function(get, issuer):
    answer = get("/me", token=issuer.token(role="admin"))

    assert answer.status == 200
    assert answer.json()["authorizer"]["jwt"]["claims"]["sub"] == "ada"
    assert answer.json()["authorizer"]["jwt"]["claims"]["role"] == "admin"


def test_other_tokens_are_refused(get, issuer):
    head, _, signature = issuer.token().split(".")
    forged = f"{head}.{encoded(json.dumps({'iss': issuer.url, 'aud': 'notes', 'sub': 'eve'}).encode())}.{signature}"

    assert get("/me").status == 401
    assert get("/me", token="no token").status == 401
    assert get("/me", token=forged).status == 401
    assert get("/me", token=issuer.token(exp=1)).status == 401
    assert get("/me", token=issuer.token(aud="others")).status == 401
    assert get("/me", token=issuer.token(iss="http://elsewhere")).status == 401


def test_a_token_without_the_scope_is_forbidden(get, issuer):
    assert get("/notes", method="POST", token=issuer.token(scope="notes/read")).status == 403
    assert get("/notes", method="POST", token=issuer.token(scope="notes/read notes/write")).status == 200


def test_an_open_route_asks_for_nothing(get):
    assert get("/open").json() == {"authorizer": None, "route": "GET /open"}


def test_a_user_of_the_pool_is_let_in(app, get):
    pool, client = app.output("UserPool"), app.output("Client")
    users = app.aws("cognito-idp")
    users.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    users.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Passw0rd!", Permanent=True)
    tokens = users.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Passw0rd!"},
    )["AuthenticationResult"]
    answer = get("/members", token=tokens["IdToken"])

    assert answer.status == 200
    assert answer.json()["authorizer"]["jwt"]["claims"]["cognito:username"] == "ada"
    assert get("/members").status == 401


@pytest.mark.parametrize("path", ["/keys", "/policies"])
def test_a_function_decides(app, get, path):
    answer = get(path, x_key="right")

    assert answer.status == 200
    assert answer.json()["authorizer"]["lambda"]["key"] == "right"
    assert get(path, x_key="wrong").status == 403
    assert get(path).status == 401


def test_the_invocation_of_an_authorizer_is_known_as_one(app, get):
    mark = app.mark()
    get("/keys", x_key="right")
    (seen,) = app.wait_for("check", since=mark)

    assert seen.trigger.label == "authorizer keys of api"
    assert seen.event["routeArn"].endswith("/GET/keys")


def test_a_signed_request_is_let_in(app, get):
    url = app.url("api") + "/signed"
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials("test", "test"), "execute-api", "eu-west-1").add_auth(request)

    assert get("/signed").status == 403
    assert app.request("GET", url, headers=dict(request.headers)).status == 200


def test_a_function_gets_the_payload_format_of_its_route(get):
    assert get("/legacy").text == "1.0 GET /legacy"


def test_a_url_answers_with_its_parameters_filled_in(get):
    answer = get("/proxy/a/b%20c?q=1", method="PUT")

    assert answer.status == 203
    assert answer.json() == {"method": "PUT", "path": "/echo/a/b%20c?q=1"}
    assert answer.headers["x-echo"] == "kept"


def test_a_request_to_a_url_is_changed_on_its_way(get):
    assert get("/mapped?p=2").json() == {"method": "PUT", "path": "/echo/mapped?p=2&page=2"}


def test_the_path_of_a_route_is_not_added_to_its_url(get):
    assert get("/fixed").json() == {"method": "GET", "path": "/echo/fixed"}


def test_a_route_that_loses_its_authorizer_is_open_after_the_update(app, get):
    before = get("/later").status
    route = '"GET /later": {"handler": "functions/gateway.me", "authorizer": "keys"}'
    app.edit("app.py", '"GET /fixed": {', f'{route},\n            "GET /fixed": {{')
    app.deploy()
    closed = get("/later").status
    app.edit("app.py", route, route.replace("keys", "none"))
    app.deploy()

    assert (before, closed, get("/later").status) == (404, 401, 200)


def test_a_domain_is_mapped_and_has_its_records(app):
    mappings = app.aws("apigatewayv2").get_api_mappings(DomainName="api.example.com")["Items"]
    zones = app.aws("route53").list_hosted_zones_by_name(DNSName="example.com.")["HostedZones"]
    records = app.aws("route53").list_resource_record_sets(HostedZoneId=zones[0]["Id"])["ResourceRecordSets"]

    assert [one["ApiMappingKey"] for one in mappings] == ["v1"]
    assert {"A", "AAAA"} <= {one["Type"] for one in records if one["Name"] == "api.example.com."}
