"""A web site of files: a private bucket, a distribution before it, and the build that makes the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aws_cdk
import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_cloudfront_origins as origins
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3
from constructs import Construct

from sundog.constructs._binding import Binding
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._site_domain import SiteDomain
from sundog.constructs._uploads import file_rules, project_folder, upload_entry
from sundog.errors import ConstructError
from sundog.model.manifest import UploadEntry

_REWRITE = """\
function handler(event) {
  var request = event.request;
  var host = request.headers.host && request.headers.host.value;
  if (%(aliases)s.indexOf(host) >= 0) {
    var location = "https://%(name)s" + request.uri;
    return { statusCode: 301, statusDescription: "Moved Permanently", headers: { location: { value: location } } };
  }
  var last = request.uri.split("/").pop();
  if (last === "") {
    request.uri += "%(index)s";
  } else if (last.indexOf(".") < 0) {
    request.uri += ".html";
  }
  return request;
}
"""
"""Runs in CloudFront before the cache: names of pages without `.html`, folders, and further domains."""

_LONGEST_NAME = 64
"""Of a function and of an access control: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html"""


class InvalidSite(ConstructError):
    """The settings of a site contradict each other."""

    code = "SD-SITE-001"


class StaticSite(SundogConstruct):
    """A web site of files, built from a folder of the project.

    The files are in a private bucket that only a CloudFront distribution reads. A deploy builds the site, with the
    addresses of the app's other resources in its environment, uploads what changed, and has the distribution forget what
    it has cached. In `sundog dev` the site's own dev server runs, if `dev_command` names it.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the sites of the app.
        path: Folder of the site, from the project root; commands run in it.
        build_command: Makes the files, such as `npm run build`; without one they are uploaded as they are.
        build_output: Folder of the made files, from `path`; by default `dist` with a build, else `path` itself.
        index_page: What `/` shows, and every folder.
        error_page: What is shown, with the status 404, where there is no file; by default the index page with the
            status 200, as sites with routes in the browser need.
        environment: Variables of the build and the dev server; values of other resources are filled in.
        dev_command: Serves the site in `sundog dev`, such as `npm run dev`.
        dev_url: Where that server answers: what the site's `url` is then.
        file_rules: `Cache-Control` by pattern, `{"*.pdf": "max-age=3600"}`, or `{"cache_control": …, "content_type": …}`.
        purge: Delete files that the site has no more.
        domain: A domain of one's own: a dictionary with `name`, `aliases`, `alternate_names`, `hosted_zone`, `external` and
            `certificate`.
        wait_for_invalidation: A deploy ends when the new files are served everywhere.
        cdk: `{"bucket": {…}}`, `{"distribution": {…}}`, `{"default_behavior": {…}}` and `{"viewer_function": {…}}` lay
            properties over the CDK's; an existing bucket or distribution is used as it is.

    Example:
        >>> StaticSite(stack, "web", path="web", build_command="npm run build", environment={"VITE_API": api.url})
    """

    kind = "StaticSite"
    cdk_keys = ("bucket", "distribution", "default_behavior", "viewer_function")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        path: str = ".",
        build_command: str | None = None,
        build_output: str | None = None,
        index_page: str = "index.html",
        error_page: str | None = None,
        environment: Mapping[str, str] | None = None,
        dev_command: str | None = None,
        dev_url: str | None = None,
        file_rules: Mapping[str, Any] | None = None,
        purge: bool = True,
        domain: str | Mapping[str, Any] | None = None,
        wait_for_invalidation: bool = False,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        if dev_url is not None and dev_command is None:
            raise self.error(
                InvalidSite,
                f"StaticSite `{id}` has `dev_url` and no `dev_command`",
                why="nothing would answer there",
                fix='add `dev_command="npm run dev"`, or remove `dev_url`',
            )
        self._dev_url = dev_url if self.registry.mode == "dev" else None
        self._index_page, self._error_page = index_page, error_page
        self.cdk.viewer_function = self.cdk.default_behavior = None
        self.cdk.distribution = self.cdk_import("distribution", {"domain": domain, "error_page": error_page})
        self._domain = None if domain is None else SiteDomain(self, domain)
        self.path_of_files = project_folder(self, "path", path)
        self._create_bucket()
        if self.cdk.distribution is None:
            self._create_distribution()
        self._upload = self._describe_upload(
            build_command,
            build_output,
            environment or {},
            dev_command=dev_command,
            file_rules_given=file_rules,
            purge=purge,
            wait=wait_for_invalidation,
        )
        self.registry.constructs.append(self)

    def _create_bucket(self) -> None:
        existing = self.cdk_import("bucket", {})
        self._owns_bucket = existing is None
        self.cdk.bucket = existing or s3.Bucket(
            self,
            "Bucket",
            **{
                "block_public_access": s3.BlockPublicAccess.BLOCK_ALL,
                "enforce_ssl": True,
                "removal_policy": self.registry.removal_policy,
                **self.cdk_props("bucket"),
            },
        )

    def _create_distribution(self) -> None:
        names = self._domain.aliases if self._domain else []
        code = _REWRITE % {
            "aliases": json.dumps(names),
            "name": self._domain.name if self._domain else "",
            "index": self._index_page.rpartition("/")[2],
        }
        own: dict[str, Any] = {
            "code": cloudfront.FunctionCode.from_inline(code),
            "runtime": cloudfront.FunctionRuntime.JS_2_0,
            # The CDK's own name has no stage in it, and that of the access control no region.
            "function_name": self.global_name(_LONGEST_NAME),
        }
        self._access_control = cloudfront.S3OriginAccessControl(
            self, "AccessControl", origin_access_control_name=self.global_name(_LONGEST_NAME)
        )
        self.cdk.viewer_function = cloudfront.Function(
            self, "ViewerFunction", **{**own, **self.cdk_props("viewer_function")}
        )
        self.cdk.distribution = cloudfront.Distribution(
            self, "Distribution", **{**self._distribution_props(), **self.cdk_props("distribution")}
        )
        if self._domain is not None:
            self._domain.add_records(self.cdk.distribution)

    def _distribution_props(self) -> dict[str, Any]:
        page, status = (self._index_page, 200) if self._error_page is None else (self._error_page, 404)
        behavior: dict[str, Any] = {
            "origin": origins.S3BucketOrigin.with_origin_access_control(
                self.cdk.bucket, origin_access_control=self._access_control
            ),
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "compress": True,
            "function_associations": [
                cloudfront.FunctionAssociation(
                    event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    function=self.cdk.viewer_function,
                )
            ],
            **self.cdk_props("default_behavior"),
        }
        self.cdk.default_behavior = cloudfront.BehaviorOptions(**behavior)
        props: dict[str, Any] = {
            "default_root_object": self._index_page,
            "default_behavior": self.cdk.default_behavior,
            # A private bucket answers 403 for what it does not have.
            "error_responses": [
                cloudfront.ErrorResponse(
                    http_status=missing,
                    response_http_status=status,
                    response_page_path=f"/{page}",
                    ttl=aws_cdk.Duration.seconds(0),
                )
                for missing in (403, 404)
            ],
            "comment": f"{self.registry.project.settings.name} {self.id} ({self.registry.stage.name})",
        }
        if self._domain is not None:
            props |= {"domain_names": self._domain.names, "certificate": self._domain.certificate}
        return props

    def _describe_upload(
        self,
        build_command: str | None,
        build_output: str | None,
        environment: Mapping[str, str],
        *,
        dev_command: str | None,
        file_rules_given: Mapping[str, Any] | None,
        purge: bool,
        wait: bool,
    ) -> UploadEntry:
        output = build_output or ("dist" if build_command else ".")
        folder = project_folder(self, "build_output", output, below=self.path_of_files)
        if folder == ".":
            raise self.error(
                InvalidSite,
                f"StaticSite `{self.id}` would publish the whole project",
                why="without a build, what is uploaded is `path`, and that is the project's root",
                fix='name the folder of the site: `path="web"`',
            )
        needed = [self._index_page, *([self._error_page] if self._error_page else [])]
        return upload_entry(
            self,
            bucket=self.cdk.bucket.bucket_name,
            distribution=self.cdk.distribution.distribution_id,
            source=self.path_of_files,
            folder=folder,
            environment={name: str(value) for name, value in environment.items()},
            build_command=build_command,
            dev_command=dev_command,
            needed=needed,
            rules=file_rules(self, file_rules_given),
            is_site=True,
            purge=purge,
            wait=wait,
        )

    @property
    def url(self) -> str:
        """Where the site answers, known to CloudFormation; in `sundog dev` the `dev_url`, if there is one."""
        if self._dev_url is not None:
            return self._dev_url
        if self._domain is not None:
            return f"https://{self._domain.name}"
        return f"https://{self.cdk.distribution.distribution_domain_name}"

    @property
    def grants(self) -> s3.IBucket:
        """The CDK's bucket, whose `grant_…` methods `permissions` can name."""
        bucket: s3.IBucket = self.cdk.bucket
        return bucket

    def binding(self) -> Binding:
        """Return the URL; who reads a site needs no permission."""
        return Binding(kind=self.kind, name=self.id, values={"url": self.url}, grant=_nothing)

    def primary_path(self) -> str:
        """Return the path of the distribution."""
        return f"{self.path}/Distribution/Resource"

    def uploads(self) -> list[UploadEntry]:
        """Return the site's files."""
        return [self._upload]

    def attributes(self) -> dict[str, Any]:
        """Return where the site comes from and how it is served."""
        entry = self._upload
        return {
            "path": entry.source,
            "build_command": entry.build_command,
            "dev_command": entry.dev_command,
            "domain": self._domain.name if self._domain else None,
            "emptied_on_removal": self._owns_bucket
            and self.registry.removal_policy == aws_cdk.RemovalPolicy.DESTROY,
        }


def _nothing(grantee: iam.IGrantable) -> None:
    """Grant nothing."""
    del grantee
