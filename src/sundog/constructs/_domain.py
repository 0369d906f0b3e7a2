"""Custom domains of APIs of API Gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_route53_targets as targets

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._user_domain import UserDomain
from sundog.errors import ConstructError


class InvalidDomain(ConstructError):
    """`domain` is not a name with what it takes to answer under it.

    A domain needs a certificate and a record. Both are made in the hosted zone of Route 53 that the domain belongs to:
    `{"name": "api.example.com", "hosted_zone": "Z0123456789ABC"}`. A domain that is kept elsewhere brings its
    certificate: `{"name": "api.example.com", "external": True, "certificate": certificate}`, and its record is made by
    hand.
    """

    code = "SD-API-005"


class CustomDomain:
    """A domain of an API.

    `domain_name` is API Gateway's, to map an API to; `path` is where below the domain the API stands.
    """

    def __init__(self, owner: SundogConstruct, given: str | Mapping[str, Any]) -> None:
        """Make the domain, its certificate and its records, as far as the user does not bring them.

        Args:
            owner: The API.
            given: Its `domain`.
        """
        user = UserDomain(owner, given, kind=InvalidDomain, further=("path",))
        self.path: str | None = _path(user)
        existing = owner.cdk_import("domain_name", {})
        if existing is not None:
            self.domain_name = existing
            self.name = str(existing.name)
            return
        self.name = user.name()
        zone = user.zone(self.name)
        own = {"domain_name": self.name, "certificate": user.certificate(self.name, zone)}
        self.domain_name = apigateway.DomainName(
            owner, "DomainName", **{**own, **owner.cdk_props("domain_name")}
        )
        if zone is not None:
            target = targets.ApiGatewayv2DomainProperties(
                self.domain_name.regional_domain_name, self.domain_name.regional_hosted_zone_id
            )
            user.add_records(zone, self.name, target, ("Record", "Ipv6Record"))

    @property
    def address(self) -> str:
        """The domain and the path, without a scheme and without a slash at the end."""
        return f"{self.name}/{self.path}" if self.path else self.name

    @property
    def mapping(self) -> apigateway.DomainMappingOptions:
        """What maps a stage of an API to the domain."""
        return apigateway.DomainMappingOptions(domain_name=self.domain_name, mapping_key=self.path)


def _path(user: UserDomain) -> str | None:
    given = user.settings.get("path")
    if given is None:
        return None
    path = str(given)
    if path.startswith("/") or path.endswith("/"):
        raise user.error(
            f"the path of `domain` is `{path}`",
            why="API Gateway wants it without a slash at either end",
            fix=f"write `{path.strip('/')}`",
        )
    return path
