"""Who a provider says somebody is."""

from __future__ import annotations

from typing import Any, NamedTuple


class Identity(NamedTuple):
    """A person, as a provider knows them."""

    provider: str
    """Name of the provider in `AuthHandler`."""
    subject: str
    """The provider's own name for the person, which never changes; an address does."""
    email: str | None
    email_verified: bool
    """Whether the provider has made sure of it. Somebody can claim any address that is not verified."""
    claims: dict[str, Any]
    """Everything that the provider said."""
    tokens: dict[str, Any]
    """What the provider gave for calling its APIs: `access_token` and so on. Not kept anywhere."""
