"""Static sites: the private bucket, the distribution, and what the deploy engine is told."""

from __future__ import annotations

import json

import pytest

from sundog.constructs._site_domain import InvalidSiteDomain

pytestmark = pytest.mark.xdist_group("cdk")

API = 'api = Api(stack, "api", routes={"GET /": "functions/notes.get"})\n'


def only(items):
    (item,) = items
    return item


def test_the_bucket_is_private_and_read_by_the_distribution_alone(backend):
    assembly = backend('StaticSite(stack, "web", path="web")')
    bucket = only(assembly.resources("backend", "AWS::S3::Bucket"))
    policy = only(assembly.resources("backend", "AWS::S3::BucketPolicy"))["PolicyDocument"]["Statement"]
    allowed = only(statement for statement in policy if statement["Effect"] == "Allow")

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert "AWS:SourceArn" in allowed["Condition"]["StringEquals"]


def test_routes_in_the_browser_get_the_index_page_unless_there_is_an_error_page(backend):
    def errors(arguments):
        resources = backend(f'StaticSite(stack, "web", path="web"{arguments})').resources(
            "backend", "AWS::CloudFront::Distribution"
        )
        return {
            (one["ErrorCode"], one["ResponseCode"], one["ResponsePagePath"])
            for one in only(resources)["DistributionConfig"]["CustomErrorResponses"]
        }

    assert errors("") == {(403, 200, "/index.html"), (404, 200, "/index.html")}
    assert errors(', error_page="404.html"') == {(403, 404, "/404.html"), (404, 404, "/404.html")}


def test_the_engine_reads_from_an_output_what_only_cloudformation_knows(backend):
    assembly = backend(
        f'{API}StaticSite(stack, "web", path="web", build_command="npm run build", environment={{"API": api.url}})'
    )
    entry = only(assembly.manifest.uploads)
    output = json.dumps(assembly.template("backend")["Outputs"][entry.output])

    assert (entry.id, entry.stack, entry.folder) == ("backend/web", "local-notes-backend", "web/dist")
    assert "ApiEndpoint" in output
    assert all(name in output for name in ("bucket", "distribution", "environment"))


def test_no_custom_resource_takes_part(backend):
    template = backend('StaticSite(stack, "web", path="web")').template("backend")

    assert not [one for one in template["Resources"].values() if one["Type"].startswith("Custom::")]
    assert not [one for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]


def test_a_domain_has_a_certificate_records_and_further_names_that_lead_to_it(backend):
    assembly = backend(
        """
from aws_cdk import aws_route53 as route53
zone = route53.HostedZone.from_hosted_zone_attributes(stack, "zone", hosted_zone_id="Z1", zone_name="example.com")
site = StaticSite(stack, "web", path="web", domain={
    "name": "www.example.com", "aliases": ["example.com"], "hosted_zone": zone,
})
stack.outputs(Url=site.url)
"""
    )
    distribution = only(assembly.resources("backend", "AWS::CloudFront::Distribution"))["DistributionConfig"]
    certificate = only(assembly.resources("backend", "AWS::CertificateManager::Certificate"))
    records = assembly.resources("backend", "AWS::Route53::RecordSet")
    function = only(assembly.resources("backend", "AWS::CloudFront::Function"))["FunctionCode"]

    assert distribution["Aliases"] == ["www.example.com", "example.com"]
    assert certificate["SubjectAlternativeNames"] == ["example.com"]
    assert sorted((record["Name"], record["Type"]) for record in records) == [
        ("example.com.", "A"),
        ("example.com.", "AAAA"),
        ("www.example.com.", "A"),
        ("www.example.com.", "AAAA"),
    ]
    assert '["example.com"].indexOf(host)' in function
    assert assembly.template("backend")["Outputs"]["Url"]["Value"] == "https://www.example.com"


def test_alternate_names_are_served_and_aliases_lead_away(backend):
    assembly = backend(
        """
StaticSite(stack, "web", path="web", domain={
    "name": "www.example.com", "aliases": ["example.com"], "alternate_names": ["*.example.com"], "hosted_zone": "Z1",
})
"""
    )
    distribution = only(assembly.resources("backend", "AWS::CloudFront::Distribution"))["DistributionConfig"]
    certificate = only(assembly.resources("backend", "AWS::CertificateManager::Certificate"))
    function = only(assembly.resources("backend", "AWS::CloudFront::Function"))["FunctionCode"]

    assert distribution["Aliases"] == ["www.example.com", "example.com", "*.example.com"]
    assert certificate["SubjectAlternativeNames"] == ["example.com", "*.example.com"]
    assert '["example.com"].indexOf(host)' in function


def test_what_the_default_behavior_is_told_is_laid_over_ours(backend):
    assembly = backend(
        """
from aws_cdk import aws_cloudfront as cloudfront
StaticSite(stack, "web", path="web", cdk={"default_behavior": {
    "response_headers_policy": cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
    "cache_policy": cloudfront.CachePolicy.CACHING_DISABLED,
}})
"""
    )
    distribution = only(assembly.resources("backend", "AWS::CloudFront::Distribution"))["DistributionConfig"]
    behavior = distribution["DefaultCacheBehavior"]

    assert "ResponseHeadersPolicyId" in behavior
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert len(behavior["FunctionAssociations"]) == 1


def test_a_distribution_that_exists_serves_the_files(backend):
    assembly = backend(
        """
from aws_cdk import aws_cloudfront as cloudfront
there = cloudfront.Distribution.from_distribution_attributes(stack, "there", distribution_id="E1", domain_name="d1.cloudfront.net")
site = StaticSite(stack, "web", path="web", environment={"VITE_API": "x"}, cdk={"distribution": there})
stack.outputs(Url=site.url)
"""
    )
    entry = only(assembly.manifest.uploads)

    assert assembly.resources("backend", "AWS::CloudFront::Distribution") == []
    assert assembly.template("backend")["Outputs"]["Url"]["Value"] == "https://d1.cloudfront.net"
    assert "E1" in json.dumps(assembly.template("backend")["Outputs"][entry.output])
    assert entry.variables == ["VITE_API"]


def test_a_certificate_of_another_region_must_be_brought(backend, monkeypatch):
    body = 'StaticSite(stack, "web", path="web", domain={"name": "www.example.com", "hosted_zone": "Z1"})'
    monkeypatch.setenv("SUNDOG_REGION", "eu-west-1")

    with pytest.raises(InvalidSiteDomain) as refused:
        backend(body)

    assert "the stage is in eu-west-1" in refused.value.why


def test_a_domain_kept_elsewhere_has_no_records(backend):
    assembly = backend(
        """
from aws_cdk import aws_certificatemanager as acm
arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
StaticSite(stack, "web", path="web", domain={
    "name": "www.example.com", "external": True,
    "certificate": acm.Certificate.from_certificate_arn(stack, "certificate", arn),
})
"""
    )
    distribution = only(assembly.resources("backend", "AWS::CloudFront::Distribution"))["DistributionConfig"]

    assert distribution["ViewerCertificate"]["AcmCertificateArn"].endswith("certificate/1")
    assert assembly.resources("backend", "AWS::Route53::RecordSet") == []


def test_its_url_is_that_of_its_dev_server_in_a_session_only(backend, monkeypatch):
    body = (
        'site = StaticSite(stack, "web", path="web", dev_command="npm run dev", dev_url="http://localhost:5173")\n'
        "stack.outputs(Url=site.url)"
    )

    def url():
        return json.dumps(backend(body).template("backend")["Outputs"]["Url"]["Value"])

    live = url()
    monkeypatch.setenv("SUNDOG_MODE", "deploy")

    assert live == '"http://localhost:5173"'
    assert "DomainName" in url()


def test_a_bucket_that_exists_is_used_and_never_emptied(backend):
    assembly = backend(
        """
from aws_cdk import aws_s3 as s3
StaticSite(stack, "web", path="web", cdk={"bucket": s3.Bucket(stack, "mine")})
"""
    )

    assert len(assembly.resources("backend", "AWS::S3::Bucket")) == 1
    assert not only(assembly.manifest.resources).attributes["emptied_on_removal"]


def test_it_is_bound_by_its_address(backend):
    assembly = backend(
        'site = StaticSite(stack, "web", path="web")\nFunction(stack, "f", handler="functions/notes.get", bind=[site])'
    )
    variables = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]

    assert "DomainName" in json.dumps(variables["SUNDOG_RESOURCE_WEB"])
