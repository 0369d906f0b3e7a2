"""Cognito calls this when somebody has confirmed an address."""

from typing import Any

from box_office.notices import tell_customer


def welcome(event: dict[str, Any], context: Any) -> dict[str, Any]:
    # A forgotten password is confirmed as well.
    if event["triggerSource"] == "PostConfirmation_ConfirmSignUp":
        tell_customer(event["request"]["userAttributes"]["email"], "Welcome", "Good to have you with us.")
    return event
