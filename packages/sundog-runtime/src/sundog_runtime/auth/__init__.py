"""Sign-in for an API: providers, links by e-mail, and sessions.

    # functions/auth.py, the `authenticator` of `Auth` in app.py
    from sundog_runtime.auth import AuthHandler, Google

    handler = AuthHandler({"google": Google(client_id="…", client_secret=lambda: resources.google_secret.value)})

    # any other function of the API
    from sundog_runtime.auth import signed_in

    @signed_in
    def me(event, context, session):
        return {"subject": session.subject}

Only the standard library is loaded; boto3, which Lambda has, when a key is first fetched.
"""

from __future__ import annotations

from sundog_runtime.auth._errors import ProviderError, SignInError, SignInRefused
from sundog_runtime.auth._handler import AuthHandler
from sundog_runtime.auth._identity import Identity
from sundog_runtime.auth._link import MagicLink
from sundog_runtime.auth._oauth import OAuth2
from sundog_runtime.auth._oidc import Oidc
from sundog_runtime.auth._providers import Apple, Facebook, GitHub, Google, Microsoft, Twitch
from sundog_runtime.auth._session import NotSignedIn, Session, signed_in
from sundog_runtime.auth._settings import AuthNotBound, CannotSign

__all__ = [
    "Apple",
    "AuthHandler",
    "AuthNotBound",
    "CannotSign",
    "Facebook",
    "GitHub",
    "Google",
    "Identity",
    "MagicLink",
    "Microsoft",
    "NotSignedIn",
    "OAuth2",
    "Oidc",
    "ProviderError",
    "Session",
    "SignInError",
    "SignInRefused",
    "Twitch",
    "signed_in",
]
