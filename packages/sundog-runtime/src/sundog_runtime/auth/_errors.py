"""What can go wrong while somebody signs in, and what the browser is told of it."""

from __future__ import annotations


class SignInError(Exception):
    """A sign-in that cannot go on. Its code and message are shown; they say nothing that an attacker would like to know."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None) -> None:
        """Take what to tell."""
        super().__init__(message)
        self.code = code or type(self).code
        self.status = status or type(self).status


class SignInRefused(SignInError):
    """What `on_sign_in` raises for somebody who may not come in."""

    status = 403
    code = "access_denied"


class ProviderError(SignInError):
    """The provider answered with an error, or with something that cannot be trusted."""

    status = 502
    code = "provider_error"

    def __init__(
        self, message: str, *, reason: str | None = None, code: str | None = None, status: int | None = None
    ) -> None:
        """Take what to tell, and the provider's own word for it if it said one."""
        super().__init__(message, code=code, status=status)
        self.reason = reason


class InvalidToken(Exception):
    """A token that was not made here, was changed, is for something else, or is too old."""
