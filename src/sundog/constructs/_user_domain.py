"""A domain as users describe it: its name, its zone in Route 53, its certificate and its records, whatever answers there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_route53 as route53

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._settings import refuse_missing_settings, refuse_unknown_settings
from sundog.constructs._values import is_token
from sundog.errors import ConstructError, SundogError

_ZONE_ID = re.compile(r"Z[A-Z0-9]+")
_KEYS = ("name", "hosted_zone", "external", "certificate")


class UserDomain:
    """The settings of a domain, checked as they are asked for."""

    def __init__(
        self, owner: SundogConstruct, given: object, *, kind: type[ConstructError], further: Sequence[str]
    ) -> None:
        """Take a name, or a dictionary of settings.

        Args:
            owner: What answers under the domain.
            given: Its `domain`.
            kind: The error to raise.
            further: Settings that the owner has besides those of every domain.
        """
        self._owner = owner
        self._kind = kind
        given = {"name": given} if isinstance(given, str) else given
        if not isinstance(given, Mapping):
            raise self.error(
                f"`domain` is `{given!r}`",
                why="`domain` is a name or a dictionary",
                fix='write `domain={"name": "www.example.com", "hosted_zone": "Z0123456789ABC"}`',
            )
        refuse_unknown_settings(owner, kind, "`domain`", given, (*_KEYS, *further))
        self.settings: dict[str, Any] = dict(given)

    def name(self) -> str:
        """Return the name."""
        example = {"name": '"name": "www.example.com"'}
        refuse_missing_settings(self._owner, self._kind, "`domain`", self.settings, example)
        return self.checked(self.settings["name"])

    def checked(self, given: object) -> str:
        """Return a name in the form that AWS takes."""
        name = str(given)
        if not is_token(name) and name != name.lower():
            raise self.error(
                f"the domain `{name}` has capital letters",
                why="AWS takes lower case only",
                fix=f"write `{name.lower()}`",
            )
        return name

    def zone(self, name: str) -> route53.IHostedZone | None:
        """Return the zone that the records and the proof for a certificate go into; None for a domain kept elsewhere."""
        zone = self.settings.get("hosted_zone")
        if self.settings.get("external", False):
            if zone is not None:
                raise self.error(
                    f"the domain `{name}` is external and has a `hosted_zone`",
                    why="the records of an external domain are made by hand",
                    fix='remove `"external": True`, or the `hosted_zone`',
                )
            if self.settings.get("certificate") is None:
                raise self.error(
                    f"the domain `{name}` is external and has no certificate",
                    why="only a domain in Route 53 can be proven to be yours without you",
                    fix='add `"certificate": acm.Certificate.from_certificate_arn(stack, "certificate", "arn:…")`',
                )
            return None
        if zone is None or (isinstance(zone, str) and is_token(name)):
            raise self.error(
                f"the domain `{name}` has no `hosted_zone`",
                why="its certificate and its records are made in a hosted zone of Route 53",
                fix=[
                    'add `"hosted_zone": "Z0123456789ABC"`, the id of the zone, or a `route53.HostedZone`',
                    'or, for a domain that is kept elsewhere, `"external": True` and `"certificate"`',
                ],
            )
        return hosted_zone(self._owner, name, zone, kind=self._kind)

    def certificate(
        self, name: str, zone: route53.IHostedZone | None, *, further: Sequence[str] = ()
    ) -> acm.ICertificate:
        """Return the user's certificate, or one that is proven by records in the zone."""
        given: acm.ICertificate | None = self.settings.get("certificate")
        return given or acm.Certificate(
            self._owner,
            "Certificate",
            domain_name=name,
            subject_alternative_names=list(further) or None,
            validation=acm.CertificateValidation.from_dns(zone),
        )

    def add_records(
        self, zone: route53.IHostedZone, name: str, target: route53.IAliasRecordTarget, ids: tuple[str, str]
    ) -> None:
        """Lead a name to a target, by addresses of both kinds.

        Args:
            zone: Where the records go.
            name: The name.
            target: What answers.
            ids: Of the two records below the owner.
        """
        for record, child_id in zip((route53.ARecord, route53.AaaaRecord), ids, strict=True):
            record(
                self._owner,
                child_id,
                zone=zone,
                record_name=f"{name}.",
                target=route53.RecordTarget.from_alias(target),
            )

    def error(self, what: str, *, why: str, fix: str | list[str]) -> SundogError:
        """Return the error for a domain that cannot be."""
        owner = f"{self._owner.kind} `{self._owner.id}`"
        return self._owner.error(self._kind, f"{owner}: {what}", why=why, fix=fix)


def hosted_zone(
    owner: SundogConstruct, domain: str, given: Any, *, kind: type[ConstructError]
) -> route53.IHostedZone:
    """Return the zone that a user named by its id, or handed in.

    Args:
        owner: What answers under the domain.
        domain: The domain whose records go into the zone; their names end with a dot, so that the zone's own name, which
            is guessed, does not matter.
        given: The id, or a zone.
        kind: The error to raise for a text that is no id.
    """
    if not isinstance(given, str):
        zone: route53.IHostedZone = given
        return zone
    if not is_token(given) and not _ZONE_ID.fullmatch(given):
        raise owner.error(
            kind,
            f"{owner.kind} `{owner.id}`: `{given}` is no id of a hosted zone",
            why="the zone is named by its id, which no synth has to ask an account for",
            fix=f"write the id that `aws route53 list-hosted-zones-by-name --dns-name {given}` shows: `Z0123456789ABC`",
        )
    labels = domain.split(".")
    parent = ".".join(labels[1:] if len(labels) > 2 else labels)
    return route53.HostedZone.from_hosted_zone_attributes(
        owner, "HostedZone", hosted_zone_id=given, zone_name=parent
    )
