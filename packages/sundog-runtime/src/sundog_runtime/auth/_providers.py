"""Providers that many apps use, with their addresses and habits."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sundog_runtime.auth._errors import InvalidToken, SignInError
from sundog_runtime.auth._fetch import fetch
from sundog_runtime.auth._oauth import OAuth2
from sundog_runtime.auth._oidc import Oidc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sundog_runtime.auth._oauth import Credential

_TENANT = re.compile(r"[0-9a-fA-F-]{36}")
_MANY_TENANTS = frozenset({"common", "organizations", "consumers"})
_FACEBOOK = "https://graph.facebook.com/v23.0"


class Google(Oidc):
    """Sign-in with Google.

    https://developers.google.com/identity/openid-connect/openid-connect

    Args:
        client_id: Of the OAuth client in the Google Cloud console.
        client_secret: Likewise.
        more: As for `Oidc`.
    """

    def __init__(self, *, client_id: Credential, client_secret: Credential, **more: Any) -> None:
        own = {"issuer": "https://accounts.google.com"}
        super().__init__(client_id=client_id, client_secret=client_secret, **{**own, **more})


class Microsoft(Oidc):
    """Sign-in with Microsoft: accounts of Entra ID and personal ones.

    https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc

    Args:
        client_id: Of the app registration.
        client_secret: Likewise.
        tenant: The directory whose people may come in, by its id; or `common`, `organizations` or `consumers`.
        authority: Where they sign in; the clouds of single countries have others.
        more: As for `Oidc`.
    """

    def __init__(
        self,
        *,
        client_id: Credential,
        client_secret: Credential,
        tenant: str = "common",
        authority: str = "https://login.microsoftonline.com",
        **more: Any,
    ) -> None:
        self._tenant = tenant
        self._authority = authority.rstrip("/")
        issuer = f"{self._authority}/{tenant}/v2.0"
        super().__init__(issuer=issuer, client_id=client_id, client_secret=client_secret, **more)

    @property
    def issuer(self) -> str | None:
        """Who answers; not known before with several directories."""
        return None if self._tenant in _MANY_TENANTS else super().issuer

    def expected_issuer(self, claims: dict[str, Any]) -> str:
        """Return the issuer of the person's own directory."""
        if self._tenant not in _MANY_TENANTS:
            return super().expected_issuer(claims)
        directory = str(claims.get("tid", ""))
        if not _TENANT.fullmatch(directory):
            raise InvalidToken("it names no directory")
        return f"{self._authority}/{directory}/v2.0"

    def _is_own(self, issuer: str) -> bool:
        # Shared endpoints describe themselves with a placeholder, or with the directory of personal accounts.
        shared = self._tenant in _MANY_TENANTS and issuer.startswith(f"{self._authority}/")
        return shared or super()._is_own(issuer)


class Apple(Oidc):
    """Sign-in with Apple, which sends people back with a POST and says their name at the first time only.

    https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple

    Args:
        client_id: The services id.
        client_secret: A token that you sign with the key of your Apple account; it is good for up to six months.
        scopes: What to ask for.
        more: As for `Oidc`.
    """

    form_post = True

    def __init__(
        self,
        *,
        client_id: Credential,
        client_secret: Credential,
        scopes: Sequence[str] = ("name", "email"),
        **more: Any,
    ) -> None:
        own = {"issuer": "https://appleid.apple.com", "authorize_params": {"response_mode": "form_post"}}
        super().__init__(
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes,
            secret_in_form=True,
            **{**own, **more},
        )


class Twitch(Oidc):
    """Sign-in with Twitch.

    https://dev.twitch.tv/docs/authentication/getting-tokens-oidc/

    Args:
        client_id: Of the application in Twitch's developer console.
        client_secret: Likewise.
        more: As for `Oidc`.
    """

    def __init__(self, *, client_id: Credential, client_secret: Credential, **more: Any) -> None:
        asked = {"id_token": {"email": None, "email_verified": None, "preferred_username": None}}
        own = {
            "issuer": "https://id.twitch.tv/oauth2",
            # Its scopes are its own: `profile` is none of them, and the address comes when it is asked for as a claim.
            "scopes": ("user:read:email",),
            "authorize_params": {"claims": json.dumps(asked)},
        }
        super().__init__(
            client_id=client_id, client_secret=client_secret, secret_in_form=True, **{**own, **more}
        )


class GitHub(OAuth2):
    """Sign-in with GitHub.

    https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps

    Args:
        client_id: Of the OAuth app.
        client_secret: Likewise.
        scopes: What to ask for; without `user:email` the address is the public one, which may be none.
        more: As for `OAuth2`.
    """

    def __init__(
        self,
        *,
        client_id: Credential,
        client_secret: Credential,
        scopes: Sequence[str] = ("read:user", "user:email"),
        **more: Any,
    ) -> None:
        own = {
            "authorize_url": "https://github.com/login/oauth/authorize",
            "token_url": "https://github.com/login/oauth/access_token",
            "user_url": "https://api.github.com/user",
        }
        super().__init__(
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes,
            secret_in_form=True,
            **{**own, **more},
        )

    def user(self, access_token: str) -> dict[str, Any]:
        """Return the user, with the address that GitHub has verified."""
        user = super().user(access_token)
        user["email_verified"] = False
        if "user:email" in self._scopes:
            headers = {"authorization": f"Bearer {access_token}"}
            for one in fetch(f"{self._user_url}/emails", headers=headers):
                if one.get("primary") and one.get("verified"):
                    user |= {"email": one["email"], "email_verified": True}
        return user


class Facebook(OAuth2):
    """Sign-in with Facebook.

    https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow

    Args:
        client_id: The app id.
        client_secret: The app secret.
        scopes: What to ask for.
        more: As for `OAuth2`.
    """

    def __init__(
        self,
        *,
        client_id: Credential,
        client_secret: Credential,
        scopes: Sequence[str] = ("public_profile", "email"),
        **more: Any,
    ) -> None:
        own = {
            "authorize_url": _FACEBOOK.replace("graph", "www") + "/dialog/oauth",
            "token_url": f"{_FACEBOOK}/oauth/access_token",
            "user_url": f"{_FACEBOOK}/me",
        }
        super().__init__(
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes,
            secret_in_form=True,
            **{**own, **more},
        )

    def user(self, access_token: str) -> dict[str, Any]:
        """Return the user; the proof shows that the access token was given to this app."""
        secret = self.client_secret
        if secret is None:
            raise SignInError("Facebook takes a secret", status=500)
        proof = hmac.new(secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()
        query = urlencode({"fields": "id,name,email", "appsecret_proof": proof})
        headers = {"authorization": f"Bearer {access_token}"}
        return dict(fetch(f"{self._user_url}?{query}", headers=headers))
