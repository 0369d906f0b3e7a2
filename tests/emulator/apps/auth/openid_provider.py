"""A provider of OpenID Connect and OAuth 2.0 on this machine, which really checks what the standards say, and a browser.

It signs with a key of no use anywhere else. A test changes `provider.claims`, `provider.header` or `provider.fails` to have it misbehave.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sundog.testing.http import HttpResponse, send

MODULUS = int(
    "aa04ae55e08bd7f33ecff76dc3924dce3881d66bb8a02b5b63c43339095f2eae2830f897a2b136770c89fc86c861ad34"
    "2500ed187eea23d97e036a040d9b5bf770fa5108b16f75730f5a36f835959641ac0a6d4081b7ebb0dc824ab478c5fa45"
    "be0015ced593d322edf5aa36e47782fc2f28f84098f0bad5b0f27045e5427f136eaa091ac04093e512980f477f0d1939"
    "82dbd71562a8d3aff25ec237c60724fb1a59a8397e5f2a3a1ec464cea4def5361803d211570714379a7b51c8bf591495"
    "e5724763a6a165025a180b294eafc759bf100064fb131222f5ce21fc324014fcc0746942e34ffafce62f82dd6712e434"
    "62ca43a6c87be0d0181794440b8737dd",
    16,
)
PRIVATE = int(
    "55c063fdc472441fd7aa7a42ce7002f6398ca30d548d7f26151266e8cefa9c47682b6af6c58404287f6bdeb0f7184237"
    "c402223e474f9377fb158069e843025bb1e14ef0722df95b1329e4026f645c9365a6775175c66cb098f223a3c02bcffd"
    "fa70288fadd6ba987f7f775e95aa56fd1851885a171ede87dbe62bb7d52e237bb83715ad11e3c75c68a62200ef25e9bf"
    "ff8ba303498fe7cac5eccb57ba9bf5379a94e5c1258f095da776f56726a452377e80951b91625650f15aa21b59c71560"
    "35e94e8234af41eb5dbf3220667056a3ec21e7656c87f68ac0981fccbb935f93cec1ce20f3fd8c6ddcd629081c30197a"
    "03d0768f5295a7033858606319608f9",
    16,
)
EXPONENT = 65537
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
CLIENT_ID, CLIENT_SECRET = "notes", "s3cret/with + signs"
ACCESS_TOKEN = "ada's"
DIRECTORY = "9188040d-6c67-4c5b-b112-36a304b66dad"
SECRET_IN_FORM = frozenset({"/github", "/facebook", "/twitch", "/apple"})


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rs256(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Sign a token with the provider's key."""
    signed = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    digest = SHA256_PREFIX + hashlib.sha256(signed.encode()).digest()
    length = (MODULUS.bit_length() + 7) // 8
    padded = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest
    signature = pow(int.from_bytes(padded, "big"), PRIVATE, MODULUS)
    return f"{signed}.{encoded(signature.to_bytes(length, 'big'))}"


class OpenIdProvider:
    """The provider; below each path it is another one, with an issuer of its own."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.reset()
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def reset(self) -> None:
        """Behave again."""
        self.claims: dict[str, Any] = {}
        """Laid over those of the next ID tokens."""
        self.header: dict[str, Any] = {}
        """Laid over the header of the next ID tokens."""
        self.denies = False
        self.fails = False
        """Answer 500 wherever the app itself asks."""
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        """What people were sent here with."""

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def issuer(self, prefix: str) -> str:
        """What a provider calls itself; Microsoft's shared one names a directory that is filled in for each person."""
        return f"{self.url}{prefix.replace('common', '{tenantid}')}"

    def discovery(self, prefix: str) -> dict[str, str]:
        base = f"{self.url}{prefix}"
        return {
            "issuer": self.issuer(prefix),
            "jwks_uri": f"{base}/jwks",
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
        }

    def authorize(self, prefix: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Somebody signs in, at once, as Ada."""
        self.asked.append(query)
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code":
            return 400, {}, {"error": "invalid_request"}
        back = {"state": query["state"], "iss": self.issuer(prefix)}
        if self.denies:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = {**query, "prefix": prefix}
        if query.get("response_mode") == "form_post":
            # A page that posts itself, as Apple's does.
            return 200, {}, {"action": query["redirect_uri"], "form": back}
        return 302, {"location": f"{query['redirect_uri']}?{urlencode(back)}"}, {}

    def token(
        self, prefix: str, headers: dict[str, str], form: dict[str, str]
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Exchange a code, once, for who began with the verifier and knows the secret."""
        basic = base64.b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode()
        given = [unquote(part) for part in basic.partition(":")[::2]]
        if prefix in SECRET_IN_FORM:
            given = [form.get("client_id", ""), form.get("client_secret", "")]
        if given != [CLIENT_ID, CLIENT_SECRET]:
            return 401, {}, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or form.get("redirect_uri") != asked["redirect_uri"]
            or prefix != asked["prefix"]
            or asked.get("code_challenge_method") != "S256"
            or challenge != asked.get("code_challenge")
        ):
            # GitHub says it with 200.
            return (
                (200, {}, {"error": "bad_verification_code"})
                if prefix == "/github"
                else (
                    400,
                    {},
                    {"error": "invalid_grant"},
                )
            )
        tokens = {"access_token": ACCESS_TOKEN, "token_type": "Bearer"}
        if "openid" in asked["scope"].split():
            tokens["id_token"] = self.id_token(prefix, asked)
        return 200, {}, tokens

    def id_token(self, prefix: str, asked: dict[str, str]) -> str:
        now = int(time.time())
        issuer = self.issuer(prefix).replace("{tenantid}", DIRECTORY)
        claims = {"iss": issuer, "aud": CLIENT_ID, "sub": "ada-1", "iat": now, "exp": now + 300}
        person = {"email": "ada@example.com", "email_verified": True, "nonce": asked.get("nonce")}
        if issuer != self.issuer(prefix):
            person["tid"] = DIRECTORY
        header = {"alg": "RS256", "kid": "one", **self.header}
        return rs256(header, {**claims, **person, **self.claims})

    def person(self, prefix: str, what: str, query: dict[str, str]) -> Any:
        """What an API says of who owns the access token; None where there is nothing."""
        if (prefix, what) == ("/github/user", "emails"):
            second = {"email": "ada@example.com", "primary": True, "verified": True}
            return [{"email": "old@example.com", "primary": False, "verified": True}, second]
        proof = hmac.new(CLIENT_SECRET.encode(), ACCESS_TOKEN.encode(), hashlib.sha256).hexdigest()
        if (prefix, what) == ("/facebook", "me") and query.get("appsecret_proof") == proof:
            return {"id": "f-1", "name": "Ada", "email": "ada@example.com"}
        if what == "user":
            return {"id": 17, "email": "ada@example.com"}
        return None

    def get(self, path: str, query: dict[str, str], token: str | None) -> tuple[int, dict[str, str], Any]:
        prefix, _, what = path.removesuffix("/.well-known/openid-configuration").rpartition("/")
        if path.endswith("/.well-known/openid-configuration"):
            return 200, {}, self.discovery(f"{prefix}/{what}" if what else "")
        if what == "jwks":
            key = {"kty": "RSA", "kid": "one", "use": "sig", "n": number(MODULUS), "e": number(EXPONENT)}
            return 200, {}, {"keys": [key]}
        if what == "authorize":
            return self.authorize(prefix, query)
        found = self.person(prefix, what, query) if token == f"Bearer {ACCESS_TOKEN}" else None
        return (404, {}, {"error": "not_found"}) if found is None else (200, {}, found)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                self.answer(
                    *provider.get(parts.path, dict(parse_qsl(parts.query)), self.headers.get("authorization"))
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                prefix = self.path.removesuffix("/token")
                if provider.fails:
                    self.answer(500, {}, {})
                else:
                    self.answer(*provider.token(prefix, headers, dict(parse_qsl(body))))

            def answer(self, status: int, headers: dict[str, str], content: Any) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                return

        return Handler


class Browser:
    """Keeps cookies for each host, and follows redirects only when told to."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, str]] = {}
        self.attributes: dict[str, str] = {}
        """What each cookie was set with, by its name."""

    def open(self, url: str, method: str = "GET", **more: Any) -> HttpResponse:
        """Send a request with the cookies of its host, and keep what the answer sets."""
        kept = self.cookies.setdefault(urlsplit(url).netloc, {})
        headers = {**more.pop("headers", {})}
        if kept:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
        answered = send(method, url, headers=headers, **more)
        for line in answered.headers.get_all("set-cookie") or []:
            pair, _, attributes = line.partition("; ")
            name, _, value = pair.partition("=")
            self.attributes[name] = attributes
            if "Max-Age=0" in attributes:
                kept.pop(name, None)
            else:
                kept[name] = value
        return answered

    def post(self, url: str, form: dict[str, str], **more: Any) -> HttpResponse:
        """Send a form."""
        headers = {"content-type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        return self.open(url, "POST", data=urlencode(form), headers=headers, **more)
