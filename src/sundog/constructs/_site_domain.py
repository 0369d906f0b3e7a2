"""The custom domain of a site: its names, its certificate, and its records in Route 53."""

from __future__ import annotations

import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_route53_targets as targets

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._user_domain import UserDomain
from sundog.errors import ConstructError

CERTIFICATE_REGION = "us-east-1"


class InvalidSiteDomain(ConstructError):
    """`domain` of a site is not a name with what it takes to answer under it.

    `{"name": "www.example.com", "hosted_zone": "Z0123456789ABC"}`, with the id of a zone or a `route53.HostedZone`, makes the
    certificate and the records. CloudFront takes certificates of us-east-1 only, so an app in another region brings one that was
    made there: `"certificate": certificate`. A domain that is kept elsewhere is `"external": True`, brings its certificate too,
    and its record is made by hand.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    """

    code = "SD-SITE-002"


class SiteDomain:
    """What a distribution needs to answer under a name of the user's."""

    def __init__(self, owner: SundogConstruct, given: object) -> None:
        """Read the user's `domain`, and make a certificate when none is given."""
        self._user = user = UserDomain(
            owner, given, kind=InvalidSiteDomain, further=("aliases", "alternate_names")
        )
        self.name = user.name()
        self.aliases = [user.checked(name) for name in user.settings.get("aliases") or []]
        """Names that lead to the first."""
        self._alternates = [user.checked(name) for name in user.settings.get("alternate_names") or []]
        self._zone = user.zone(self.name)
        region = owner.registry.stage.region
        if user.settings.get("certificate") is None and region != CERTIFICATE_REGION:
            raise user.error(
                "`domain` has no `certificate`",
                why=f"CloudFront takes certificates of {CERTIFICATE_REGION} only, and the stage is in {region}",
                fix='add `"certificate": acm.Certificate.from_certificate_arn(stack, "cert", "arn:…")`',
            )
        self.certificate = user.certificate(self.name, self._zone, further=self.names[1:])

    @property
    def names(self) -> list[str]:
        """All names that the distribution answers under."""
        return [self.name, *self.aliases, *self._alternates]

    def add_records(self, distribution: cloudfront.IDistribution) -> None:
        """Make the records of all names, for both kinds of addresses."""
        if self._zone is None:
            return
        target = targets.CloudFrontTarget(distribution)
        for number, name in enumerate(self.names):
            self._user.add_records(self._zone, name, target, (f"Record{number}A", f"Record{number}AAAA"))
