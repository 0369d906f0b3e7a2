"""Custom domains of APIs: the name, its certificate, and its records in Route 53."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_route53 as route53
import aws_cdk.aws_route53_targets as targets

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._settings import refuse_missing_settings, refuse_unknown_settings
from sundog.constructs._values import is_token
from sundog.errors import ConstructError

_KEYS = ("name", "hosted_zone", "path", "external", "certificate")


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
        self._owner = owner
        settings = self._settings(given)
        self.path: str | None = self._path(settings.get("path"))
        existing = owner.cdk_import("domain_name", {})
        if existing is not None:
            self.domain_name = existing
            self.name = str(existing.name)
            return
        self.name = self._name(settings)
        zone = self._zone(settings)
        certificate = settings.get("certificate") or acm.Certificate(
            owner,
            "Certificate",
            domain_name=self.name,
            validation=acm.CertificateValidation.from_dns(zone),
        )
        self.domain_name = apigateway.DomainName(
            owner,
            "DomainName",
            **{"domain_name": self.name, "certificate": certificate, **owner.cdk_props("domain_name")},
        )
        if zone is not None:
            self._add_records(zone)

    @property
    def address(self) -> str:
        """The domain and the path, without a scheme and without a slash at the end."""
        return f"{self.name}/{self.path}" if self.path else self.name

    @property
    def mapping(self) -> apigateway.DomainMappingOptions:
        """What maps a stage of an API to the domain."""
        return apigateway.DomainMappingOptions(domain_name=self.domain_name, mapping_key=self.path)

    def _settings(self, given: object) -> dict[str, Any]:
        if isinstance(given, str):
            given = {"name": given}
        if not isinstance(given, Mapping):
            raise self._error(
                f"`domain` is `{given!r}`",
                why="`domain` is a name or a dictionary",
                fix='write `domain={"name": "api.example.com", "hosted_zone": "Z0123456789ABC"}`',
            )
        refuse_unknown_settings(self._owner, InvalidDomain, "`domain`", given, _KEYS)
        return dict(given)

    def _name(self, settings: Mapping[str, Any]) -> str:
        refuse_missing_settings(
            self._owner, InvalidDomain, "`domain`", settings, {"name": '"name": "api.example.com"'}
        )
        name = str(settings["name"])
        if not is_token(name) and name != name.lower():
            raise self._error(
                f"the domain `{name}` has capital letters",
                why="API Gateway takes lower case only",
                fix=f"write `{name.lower()}`",
            )
        return name

    def _path(self, given: object) -> str | None:
        if given is None:
            return None
        path = str(given)
        if path.startswith("/") or path.endswith("/"):
            raise self._error(
                f"the path of `domain` is `{path}`",
                why="API Gateway wants it without a slash at either end",
                fix=f"write `{path.strip('/')}`",
            )
        return path

    def _zone(self, settings: Mapping[str, Any]) -> route53.IHostedZone | None:
        zone, external = settings.get("hosted_zone"), settings.get("external", False)
        if external:
            if settings.get("certificate") is None:
                raise self._error(
                    f"the domain `{self.name}` is external and has no certificate",
                    why="only a domain in Route 53 can be proven to be yours without you",
                    fix='add `"certificate": acm.Certificate.from_certificate_arn(stack, "certificate", "arn:…")`',
                )
            return None
        if isinstance(zone, str) and not is_token(self.name):
            return hosted_zone(self._owner, self.name, zone)
        if zone is None or isinstance(zone, str):
            raise self._error(
                f"the domain `{self.name}` has no `hosted_zone`",
                why="its certificate and its records are made in a hosted zone of Route 53",
                fix=[
                    'add `"hosted_zone": "Z0123456789ABC"`, the id of the zone, or a `route53.HostedZone`',
                    'or, for a domain that is kept elsewhere, `"external": True` and `"certificate"`',
                ],
            )
        found: route53.IHostedZone = zone
        return found

    def _add_records(self, zone: route53.IHostedZone) -> None:
        target = route53.RecordTarget.from_alias(
            targets.ApiGatewayv2DomainProperties(
                self.domain_name.regional_domain_name, self.domain_name.regional_hosted_zone_id
            )
        )
        name = f"{self.name}."
        route53.ARecord(self._owner, "Record", zone=zone, record_name=name, target=target)
        route53.AaaaRecord(self._owner, "Ipv6Record", zone=zone, record_name=name, target=target)

    def _error(self, what: str, *, why: str, fix: str | list[str]) -> Exception:
        return self._owner.error(
            InvalidDomain, f"{self._owner.kind} `{self._owner.id}`: {what}", why=why, fix=fix
        )


def hosted_zone(owner: SundogConstruct, domain: str, given: Any) -> route53.IHostedZone:
    """Return the zone that a user named by its id, or handed in.

    Args:
        owner: The API.
        domain: The domain whose records go into the zone; their names end with a dot, so that the zone's own name, which
            is guessed, does not matter.
        given: The id, or a zone.
    """
    if not isinstance(given, str):
        zone: route53.IHostedZone = given
        return zone
    labels = domain.split(".")
    parent = ".".join(labels[1:] if len(labels) > 2 else labels)
    return route53.HostedZone.from_hosted_zone_attributes(
        owner, "HostedZone", hosted_zone_id=given, zone_name=parent
    )
