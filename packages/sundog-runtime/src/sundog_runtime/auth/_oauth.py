"""Sign-in with a provider of OAuth 2.0: the authorization code flow with state and PKCE."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from sundog_runtime.auth._encoding import base64url
from sundog_runtime.auth._errors import InvalidToken, ProviderError, SignInError
from sundog_runtime.auth._fetch import fetch, said
from sundog_runtime.auth._identity import Identity
from sundog_runtime.auth._once import use_once
from sundog_runtime.auth._requests import answer, cookie
from sundog_runtime.auth._tokens import read, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from sundog_runtime.auth._requests import Request
    from sundog_runtime.auth._settings import Settings

    Credential: TypeAlias = str | Callable[[], str] | None

FLOW_SECONDS = 600
_PURPOSE = "flow"
_CODE_IS_NOT_GOOD = frozenset({"invalid_grant", "bad_verification_code"})
"""What the standard says of a code that has expired, was used, or comes with another verifier; and what GitHub says."""


class OAuth2:
    """A provider of OAuth 2.0.

    Args:
        client_id: What the provider knows the app by: text, or a function that returns it when it is needed.
        client_secret: The app's password there, likewise; a public client has none.
        authorize_url: Where people sign in.
        token_url: Where the code is exchanged.
        user_url: Where the provider says who somebody is, asked with the access token.
        scopes: What to ask for.
        subject: The field of that answer that names the person for ever.
        pkce: Prove that the code comes back to who asked for it; False for the few providers that refuse it.
        authorize_params: Further parameters for where people sign in.
        secret_in_form: Send the secret as a field, for providers that do not take it in the Authorization header.

    Example:
        >>> OAuth2(client_id="…", client_secret=lambda: resources.twitch_secret.value, authorize_url="https://…",
        ...        token_url="https://…", user_url="https://…", scopes=["user:read:email"])
    """

    form_post = False
    """Whether the provider sends people back with a POST from its own site."""

    def __init__(
        self,
        *,
        client_id: Credential,
        client_secret: Credential = None,
        authorize_url: str = "",
        token_url: str = "",
        user_url: str = "",
        scopes: Sequence[str] = (),
        subject: str = "id",
        pkce: bool = True,
        authorize_params: Mapping[str, str] | None = None,
        secret_in_form: bool = False,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._authorize_url = authorize_url
        self._token_url = token_url
        self._user_url = user_url
        self._scopes = list(scopes)
        self._subject = subject
        self._pkce = pkce
        self._authorize_params = dict(authorize_params or {})
        self._secret_in_form = secret_in_form

    @property
    def client_id(self) -> str:
        """What the provider knows the app by."""
        return _value(self._client_id) or ""

    @property
    def client_secret(self) -> str | None:
        """The app's password at the provider."""
        return _value(self._client_secret)

    @property
    def issuer(self) -> str | None:
        """Who answers, when the provider says it (RFC 9207)."""
        return None

    def endpoints(self) -> tuple[str, str]:
        """Return where people sign in, and where codes are exchanged."""
        return self._authorize_url, self._token_url

    def start(self, request: Request, settings: Settings, name: str) -> dict[str, Any]:
        """Send somebody to the provider."""
        if request.method != "GET":
            raise SignInError("open this address in a browser", status=405)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        flow = {
            "provider": name,
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "redirect": settings.redirect(request.query.get("redirect")),
        }
        given = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": settings.address(name, "callback"),
            "scope": " ".join(self._scopes),
            "state": state,
            **self._authorize_params,
            **self._own_params(nonce),
        }
        if self._pkce:
            challenge = base64url(hashlib.sha256(verifier.encode()).digest())
            given |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        token = sign(settings.signing.current(), _PURPOSE, flow, FLOW_SECONDS)
        address = self.endpoints()[0]
        return answer(
            302,
            location=f"{address}{'&' if '?' in address else '?'}{urlencode(given)}",
            cookies=[self._flow_cookie(settings, state, token, FLOW_SECONDS)],
        )

    def finish(self, request: Request, settings: Settings, name: str) -> Finished:
        """Take somebody back from the provider.

        Raises:
            SignInError: This browser did not begin the sign-in, or the provider's answer is not good.
        """
        given = request.form() if request.method == "POST" else request.query
        flow = self._flow(request, settings, name, given.get("state", ""))
        cookies = [self._flow_cookie(settings, flow["state"], "", 0)]
        if "error" in given:
            return Finished(None, flow["redirect"], cookies, error=given["error"])
        if self.issuer is not None and given.get("iss") not in (None, self.issuer):
            raise SignInError("the answer is of another provider", code="invalid_issuer")
        if not use_once(settings.table, f"flow {flow['state']}", flow["exp"]):
            raise SignInError("this sign-in was finished before", code="used_before")
        tokens = self._exchange(given.get("code", ""), flow["verifier"], settings.address(name, "callback"))
        return Finished(self.identify(name, tokens, flow["nonce"]), flow["redirect"], cookies)

    def identify(self, name: str, tokens: dict[str, Any], nonce: str) -> Identity:
        """Return who signed in.

        Args:
            name: The provider's name in the handler.
            tokens: What the code was exchanged for.
            nonce: What an ID token must contain.
        """
        del nonce
        user = self.user(tokens["access_token"])
        subject = user.get(self._subject)
        if subject in (None, ""):
            raise ProviderError("the provider did not say who signed in")
        email = user.get("email")
        return Identity(name, str(subject), email, _is_true(user.get("email_verified")), user, tokens)

    def user(self, access_token: str) -> dict[str, Any]:
        """Return what the provider says about the owner of an access token."""
        return dict(fetch(self._user_url, headers={"authorization": f"Bearer {access_token}"}))

    def _own_params(self, nonce: str) -> dict[str, str]:
        del nonce
        return {}

    def _flow(self, request: Request, settings: Settings, name: str, state: str) -> dict[str, Any]:
        refused = SignInError(
            "this browser did not begin the sign-in, or it took too long; begin again", code="invalid_state"
        )
        token = request.cookies.get(_flow_name(settings, state))
        if not state or not token:
            raise refused
        try:
            flow = read(settings.signing, _PURPOSE, token)
        except InvalidToken as error:
            raise refused from error
        # Both come from the browser, but only the cookie can have come from here.
        if not hmac.compare_digest(flow["state"].encode(), state.encode()) or flow["provider"] != name:
            raise refused
        return flow

    def _flow_cookie(self, settings: Settings, state: str, token: str, seconds: int) -> str:
        # A POST from the provider's site brings only cookies that are for all sites, which must be for TLS.
        same_site = "None" if self.form_post and settings.is_secure else "Lax"
        name = _flow_name(settings, state)
        return cookie(name, token, seconds, secure=settings.is_secure, same_site=same_site)

    def _exchange(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        if not code:
            raise SignInError("the provider sent no code")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self._pkce:
            form["code_verifier"] = verifier
        headers = {}
        secret = self.client_secret
        if secret is None or self._secret_in_form:
            form |= {"client_id": self.client_id} if secret is None else self._credentials(secret)
        else:
            # RFC 6749 section 2.3.1: both parts are form-encoded first.
            pair = f"{quote(self.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            return _checked(fetch(self.endpoints()[1], form=form, headers=headers))
        except ProviderError as error:
            if error.reason in _CODE_IS_NOT_GOOD:
                raise SignInError(
                    "the provider's code is not good any more, or is for somebody else; begin again",
                    code="invalid_code",
                ) from error
            raise

    def _credentials(self, secret: str) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": secret}


class Finished:
    """A sign-in that came back from the provider."""

    def __init__(
        self, identity: Identity | None, redirect: str, cookies: list[str], *, error: str | None = None
    ) -> None:
        """Take who it is, or the error that the provider sent them back with."""
        self.identity = identity
        self.redirect = redirect
        self.cookies = cookies
        self.error = error


def _checked(tokens: Any) -> dict[str, Any]:
    # GitHub answers 200 with an error in it.
    if not isinstance(tokens, dict) or not isinstance(tokens.get("access_token"), str):
        raise ProviderError("the provider gave no access token for the code", reason=said(tokens))
    return tokens


def _flow_name(settings: Settings, state: str) -> str:
    # One for each sign-in: two tabs do not disturb each other.
    return settings.cookie(f"flow-{hashlib.sha256(state.encode()).hexdigest()[:16]}")


def _value(given: Credential) -> str | None:
    return given() if callable(given) else given


def _is_true(value: object) -> bool:
    # Apple writes it as text.
    return value is True or value == "true"
