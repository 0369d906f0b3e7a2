"""The staff signs in with a link by mail; only addresses that the app names get in."""

from sundog_runtime import resources
from sundog_runtime.auth import AuthHandler, Identity, MagicLink, SignInRefused

from box_office.notices import tell_customer


def send(address: str, link: str) -> None:
    if address.lower() in resources.staff.value:
        tell_customer(address, "Sign in to the office", link)


def check(identity: Identity) -> dict[str, str]:
    email = (identity.email or "").lower()
    if email not in resources.staff.value:
        raise SignInRefused("this office is for the staff")
    return {"subject": email}


handler = AuthHandler({"email": MagicLink(send=send)}, on_sign_in=check)
