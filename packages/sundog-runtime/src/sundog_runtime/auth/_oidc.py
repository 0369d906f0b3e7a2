"""Sign-in with a provider of OpenID Connect: its discovery document, and the ID token, checked in full."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from typing import TYPE_CHECKING, Any

from sundog_runtime.auth._encoding import decoded, unbase64url
from sundog_runtime.auth._errors import InvalidToken, ProviderError
from sundog_runtime.auth._fetch import fetch
from sundog_runtime.auth._identity import Identity
from sundog_runtime.auth._oauth import OAuth2, _is_true
from sundog_runtime.auth._rsa import is_signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sundog_runtime.auth._oauth import Credential

_KEPT_SECONDS = 3600
_RETRY_SECONDS = 60
_SKEW_SECONDS = 60


class Oidc(OAuth2):
    """A provider of OpenID Connect, which says where its parts are below its own address.

    The ID token is fetched with the code, over TLS, from the provider itself, and its signature (RS256, or HS256 with the
    client's secret), issuer, audience, expiry and nonce are checked.

    Args:
        issuer: The provider's address, without `/.well-known/openid-configuration`.
        client_id: What the provider knows the app by: text, or a function that returns it when it is needed.
        client_secret: The app's password there, likewise; a public client has none.
        scopes: What to ask for besides `openid`.
        more: As for `OAuth2`.

    Example:
        >>> Oidc(issuer="https://login.example.com", client_id="notes", client_secret=lambda: resources.oidc_secret.value)
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: Credential,
        client_secret: Credential = None,
        scopes: Sequence[str] = ("email", "profile"),
        **more: Any,
    ) -> None:
        super().__init__(
            client_id=client_id,
            client_secret=client_secret,
            scopes=["openid", *scopes],
            subject="sub",
            **more,
        )
        self._issuer = issuer
        self._documents: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    @property
    def issuer(self) -> str | None:
        """Who answers."""
        return self._issuer

    def endpoints(self) -> tuple[str, str]:
        """Return where people sign in, and where codes are exchanged."""
        found = self._discovered()
        return found["authorization_endpoint"], found["token_endpoint"]

    def identify(self, name: str, tokens: dict[str, Any], nonce: str) -> Identity:
        """Return who signed in, from the ID token."""
        try:
            claims = self.claims(tokens.get("id_token") or "", nonce)
        except (InvalidToken, KeyError, TypeError) as error:
            raise ProviderError(f"the provider's ID token is not good: {error}") from error
        return Identity(
            name,
            claims["sub"],
            claims.get("email"),
            _is_true(claims.get("email_verified")),
            claims,
            tokens,
        )

    def claims(self, token: str, nonce: str) -> dict[str, Any]:
        """Return what an ID token says, after the checks of OpenID Connect Core 1.0 section 3.1.3.7.

        Raises:
            InvalidToken: One of them fails.
        """
        parts = token.split(".")
        if len(parts) != 3:
            raise InvalidToken("it is no token")
        header, claims = decoded(parts[0]), decoded(parts[1])
        self._check_signature(header, f"{parts[0]}.{parts[1]}", unbase64url(parts[2]))
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        now = time.time()
        if claims["iss"] != self.expected_issuer(claims):
            raise InvalidToken("it is of another issuer")
        if self.client_id not in audience:
            raise InvalidToken("it is for another app")
        if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != self.client_id:
            raise InvalidToken("it was issued to another app")
        if claims["exp"] <= now - _SKEW_SECONDS:
            raise InvalidToken("it has expired")
        if claims["iat"] > now + _SKEW_SECONDS:
            raise InvalidToken("it is from the future")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise InvalidToken("it is of another sign-in")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise InvalidToken("it does not say who signed in")
        return claims

    def expected_issuer(self, claims: dict[str, Any]) -> str:
        """Return the issuer that a token must name."""
        del claims
        return self._issuer

    def _own_params(self, nonce: str) -> dict[str, str]:
        return {"nonce": nonce}

    def _check_signature(self, header: dict[str, Any], signed: str, signature: bytes) -> None:
        algorithm = header.get("alg")
        if algorithm == "HS256" and self.client_secret:
            own = hmac.new(self.client_secret.encode(), signed.encode(), hashlib.sha256).digest()
            good = hmac.compare_digest(own, signature)
        elif algorithm == "RS256":
            key = self._key(header.get("kid"))
            good = key is not None and is_signed(signed, signature, key)
        else:
            # Never `none`; and what is not checked is not trusted.
            raise InvalidToken(f"it is signed with {algorithm}; RS256 and HS256 can be checked")
        if not good:
            raise InvalidToken("its signature is not the provider's")

    def _key(self, identity: object) -> dict[str, Any] | None:
        address = self._discovered()["jwks_uri"]
        for oldest in (_KEPT_SECONDS, _RETRY_SECONDS):
            # A key that is not known may be new.
            keys = [key for key in self._document(address, oldest)["keys"] if key.get("kty") == "RSA"]
            for key in keys:
                if key.get("kid") == identity and key.get("use", "sig") == "sig":
                    return dict(key)
        return keys[0] if identity is None and len(keys) == 1 else None

    def _discovered(self) -> dict[str, Any]:
        base = self._issuer.rstrip("/")
        found = self._document(f"{base}/.well-known/openid-configuration", _KEPT_SECONDS)
        if not isinstance(found, dict) or not self._is_own(str(found.get("issuer"))):
            raise ProviderError("the discovery document is of another issuer")
        return found

    def _is_own(self, issuer: str) -> bool:
        return issuer == self._issuer

    def _document(self, address: str, oldest: float) -> Any:
        with self._lock:
            kept = self._documents.get(address)
            if kept is None or time.time() >= kept[0] + oldest:
                kept = self._documents[address] = (time.time(), fetch(address))
            return kept[1]
