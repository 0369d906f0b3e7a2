"""The custom domain of a site: its names, its certificate, and its records in Route 53."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_route53 as route53
import aws_cdk.aws_route53_targets as targets

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._settings import refuse_missing_settings, refuse_unknown_settings
from sundog.errors import ConstructError

_KEYS = ("name", "aliases", "hosted_zone", "certificate")
CERTIFICATE_REGION = "us-east-1"


class InvalidSiteDomain(ConstructError):
    """`domain` of a site is not a name with what it takes to answer under it.

    `{"name": "www.example.com", "hosted_zone": zone}`, where `zone` is a hosted zone of the CDK, makes the certificate and the
    records. CloudFront takes certificates of us-east-1 only, so an app in another region brings one that was made there:
    `"certificate": certificate`. Without a hosted zone the record is made by hand.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    """

    code = "SD-SITE-002"


class SiteDomain:
    """What a distribution needs to answer under a name of the user's."""

    def __init__(self, owner: SundogConstruct, given: object) -> None:
        """Read the user's `domain`, and make a certificate when none is given."""
        self._owner = owner
        if not isinstance(given, Mapping):
            raise owner.error(
                InvalidSiteDomain,
                f"{owner.kind} `{owner.id}`: `domain` is `{given!r}`",
                why="a domain comes with a hosted zone or a certificate",
                fix='write `domain={"name": "www.example.com", "hosted_zone": zone}`',
            )
        refuse_unknown_settings(owner, InvalidSiteDomain, "`domain`", given, _KEYS)
        example = {"name": '"name": "www.example.com"'}
        refuse_missing_settings(owner, InvalidSiteDomain, "`domain`", given, example)
        self.name = str(given["name"])
        self.aliases = [str(name) for name in given.get("aliases", [])]
        """Names that lead to the first."""
        self._zone: route53.IHostedZone | None = given.get("hosted_zone")
        self.certificate = given.get("certificate") or self._new_certificate()

    @property
    def names(self) -> list[str]:
        """All names that the distribution answers under."""
        return [self.name, *self.aliases]

    def _new_certificate(self) -> acm.ICertificate:
        region = self._owner.registry.stage.region
        if self._zone is None or region != CERTIFICATE_REGION:
            raise self._owner.error(
                InvalidSiteDomain,
                f"{self._owner.kind} `{self._owner.id}`: `domain` has no `certificate`",
                why="sundog can make one when there is a `hosted_zone`"
                if self._zone is None
                else f"CloudFront takes certificates of {CERTIFICATE_REGION} only, and the stage is in {region}",
                fix='add `"certificate": acm.Certificate.from_certificate_arn(stack, "cert", "arn:…")`',
            )
        return acm.Certificate(
            self._owner,
            "Certificate",
            domain_name=self.name,
            subject_alternative_names=self.aliases or None,
            validation=acm.CertificateValidation.from_dns(self._zone),
        )

    def add_records(self, distribution: cloudfront.IDistribution) -> None:
        """Make the records of all names, for both kinds of addresses."""
        if self._zone is None:
            return
        target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution))
        for number, name in enumerate(self.names):
            for kind, record in (("A", route53.ARecord), ("AAAA", route53.AaaaRecord)):
                record(
                    self._owner,
                    f"Record{number}{kind}",
                    zone=self._zone,
                    record_name=f"{name}.",
                    target=target,
                )

    @staticmethod
    def of(owner: SundogConstruct, given: Any) -> SiteDomain | None:
        """Return the domain that a user described, or None."""
        return None if given is None else SiteDomain(owner, given)
