"""Sign-in for an `Api`: its routes, the keys of its sessions, and what may be used once only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import aws_cdk
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
from constructs import Construct

from sundog.constructs._binding import Binding, variable_of
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import FunctionDefinition, function_of
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._provided import provided_function
from sundog.constructs._registry import type_name
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.api import Api
from sundog.errors import ConstructError

LONGEST_SESSION_DAYS = 400
DEFAULT_SESSION = "30 days"
_DAY_SECONDS = 24 * 3600
_PROVIDER_ID = "SundogAuthKeys"
_PROVIDER_SECONDS = 60
_PROVIDER_MEMORY_MB = 1769
"""One whole processor, to look for primes: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
_SIGNER_PREFIX = "SUNDOG_AUTH_SIGNER_"
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class InvalidAuth(ConstructError):
    """A setting of a sign-in cannot be used, or would be unsafe.

    The prefix is a path. Redirects are origins: scheme, host and port, over TLS except on the own machine. Sessions last at
    most 400 days, after which browsers drop any cookie: https://developer.chrome.com/blog/cookie-max-age-expires
    """

    code = "SD-AUTH-001"


class Auth(SundogConstruct):
    """Sign-in for an `Api`, with providers such as Google and GitHub and with links by e-mail, and sessions.

    The authenticator, made with `sundog_runtime.auth.AuthHandler`, serves the routes below the prefix. All functions of the
    API can tell who is signed in, with `Session.verify(event)`; others can when the `Auth` is bound to them. Sessions are
    signed with a private key that only the authenticator can read; all others have the public one.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the sign-ins of the app.
        api: The API that people sign in to.
        authenticator: The function that signs them in: a handler, a `Function`, or settings.
        prefix: Where its routes are.
        redirects: Sites besides the API that people may be sent back to, as origins: `https://app.example.com`.
        session: How long people stay signed in.
        key_version: Count it up to make a new key; sessions of the keys before it stay good until they expire.
        oldest_key_version: Sessions of keys below this version are good no more, whenever they expire.
        url: Address of the API when it has a domain of its own.
        function_defaults: Settings for the authenticator when it is a handler.
        cdk: `{"keys": {…}}` and `{"table": {…}}` lay properties over the CDK's custom resource and table.

    Example:
        >>> api = Api(stack, "api", routes={"GET /me": "functions/me.handler"})
        >>> Auth(stack, "auth", api=api, authenticator="functions/auth.handler", redirects=["https://app.example.com"])
    """

    kind = "Auth"
    cdk_keys = ("keys", "table")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        api: Api,
        authenticator: FunctionDefinition,
        prefix: str = "/auth",
        redirects: Sequence[str] = (),
        session: float | str | aws_cdk.Duration = DEFAULT_SESSION,
        key_version: int = 1,
        oldest_key_version: int = 1,
        url: str | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        if not isinstance(api, Api):
            raise self._invalid(
                f"`api` is {type_name(api)}", "people sign in to an `Api` of sundog", "hand in the `Api`"
            )
        self._url = url or api.custom_domain_url or api.url
        self.prefix = self._checked_prefix(prefix)
        self.redirects = [self._origin(address) for address in redirects]
        self.session_seconds = self._session(session)
        project, stage = self.registry.project.settings.name, self.registry.stage.name
        self.keys_parameter = f"/sundog/{project}/{stage}/auth/{id}"
        self.cdk.keys = self._create_keys(*self._checked_versions(key_version, oldest_key_version))
        self.cdk.table = self._create_table()
        self.authenticator = function_of(
            self, "authenticator", authenticator, what="`authenticator`", defaults=function_defaults
        )
        self.cdk.table.grant(self.authenticator, "dynamodb:PutItem")
        # Whoever is not signed in must be able to reach it, whatever the API asks of the callers of its other routes.
        route = {"function": self.authenticator, "authorizer": "none"}
        api.add_routes({f"ANY {self.prefix}/{{proxy+}}": route})
        self.authenticator.bind([self])
        self.grant_signing(self.authenticator.cdk.function)
        api.bind([self])
        self.registry.constructs.append(self)

    def _checked_versions(self, version: object, oldest: object) -> tuple[int, int]:
        for name, given in (("key_version", version), ("oldest_key_version", oldest)):
            if not isinstance(given, int) or isinstance(given, bool) or given < 1:
                raise self._invalid(
                    f"`{name}` is `{given}`",
                    "it counts the keys that were made",
                    f"write `{name}=1`, and 2 for the next key",
                )
        assert isinstance(version, int)  # noqa: S101 - it was just looked at
        assert isinstance(oldest, int)  # noqa: S101 - as above
        if oldest > version:
            raise self._invalid(
                f"`oldest_key_version` is `{oldest}`, and `key_version` is `{version}`",
                "no key would be left to sign with",
                f"write `key_version={oldest}`",
            )
        return version, oldest

    def _create_keys(self, version: int, oldest: int) -> aws_cdk.CustomResource:
        provider, _ = provided_function(
            self.stack,
            _PROVIDER_ID,
            "auth_keys",
            seconds=_PROVIDER_SECONDS,
            memory_mb=_PROVIDER_MEMORY_MB,
            description="Makes the keys of sessions",
            removal_policy=self.registry.removal_policy,
        )
        allowed = iam.Policy(
            self,
            "KeysPolicy",
            statements=[
                iam.PolicyStatement(
                    actions=["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"],
                    resources=[self._parameter_arn(part) for part in ("private", "public")],
                )
            ],
        )
        if provider.role is not None:
            allowed.attach_to_role(provider.role)
        own: dict[str, Any] = {
            "service_token": provider.function_arn,
            "resource_type": "Custom::SundogAuthKeys",
            "properties": {
                "Parameter": self.keys_parameter,
                "KeyVersion": str(version),
                "OldestKeyVersion": str(oldest),
                "SessionSeconds": str(self.session_seconds),
            },
            "service_timeout": aws_cdk.Duration.seconds(2 * _PROVIDER_SECONDS),
            "removal_policy": self.registry.removal_policy,
        }
        keys = aws_cdk.CustomResource(self, "Keys", **{**own, **self.cdk_props("keys")})
        keys.node.add_dependency(allowed)
        return keys

    def _create_table(self) -> dynamodb.Table:
        own: dict[str, Any] = {
            "partition_key": dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            "billing_mode": dynamodb.BillingMode.PAY_PER_REQUEST,
            "time_to_live_attribute": "expires",
            "removal_policy": self.registry.removal_policy,
        }
        return dynamodb.Table(self, "UsedOnce", **{**own, **self.cdk_props("table")})

    def _checked_prefix(self, prefix: object) -> str:
        if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
            cleaned = re.sub(r"[^A-Za-z0-9._~/-]+", "", str(prefix)).strip("/") or "auth"
            raise self._invalid(
                f"`prefix` is `{prefix}`",
                "it is a path that starts with a slash and does not end with one, without parameters",
                f'write `prefix="/{cleaned}"`',
            )
        return prefix

    def _origin(self, address: object) -> str:
        if is_token(address):
            return str(address)
        parts = urlsplit(address) if isinstance(address, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise self._invalid(
                f"`{address}` in `redirects` is not an origin",
                "whoever could send people to other sites could read their sessions there, so each site is named",
                'write `"https://app.example.com"`',
            )
        origin = f"{parts.scheme}://{parts.netloc}"
        if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise self._invalid(
                f"`{address}` in `redirects` is more than an origin",
                "an origin is a scheme, a host and a port; the path comes with each sign-in",
                f'write `"{parts.scheme}://{parts.netloc.rpartition("@")[2]}"`',
            )
        if "*" in origin or (parts.scheme == "http" and parts.hostname not in _LOOPBACK):
            raise self._invalid(
                f"`{address}` in `redirects` is not safe",
                "a pattern can match somebody else's site"
                if "*" in origin
                else "without TLS anybody on the way can read the session",
                "name each site" if "*" in origin else f'write `"https://{parts.netloc}"`',
            )
        return origin

    def _session(self, given: Any) -> int:
        value = seconds(given)
        if value is None or not 0 < value <= LONGEST_SESSION_DAYS * _DAY_SECONDS:
            raise self._invalid(
                f"`session` is `{given}`",
                f"browsers keep a cookie for at most {LONGEST_SESSION_DAYS} days; a duration is {DURATION_FORMS}",
                f'write `session="{DEFAULT_SESSION}"`',
            )
        return int(value)

    def _invalid(self, what: str, why: str, fix: str) -> Exception:
        return self.error(InvalidAuth, f"Auth `{self.id}`: {what}", why=why, fix=fix)

    def _parameter_arn(self, part: str) -> str:
        name = f"{self.keys_parameter.lstrip('/')}/{part}"
        return self.stack.format_arn(service="ssm", resource="parameter", resource_name=name)

    @property
    def url(self) -> str:
        """Address of the authenticator, known to CloudFormation; `/google/start` and so on follow it."""
        return f"{self._url}{self.prefix}"

    @property
    def grants(self) -> dynamodb.ITable:
        """The table of what was used."""
        table: dynamodb.ITable = self.cdk.table
        return table

    def grant_read_keys(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a function check sessions: it can read the public keys."""
        return self._grant_read("public", grantee)

    def grant_signing(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let another function than the authenticator make sessions, with `Session.create`: it can read the private keys.

        Example:
            >>> Function(stack, "kiosk", handler="functions/kiosk.enter", bind=[auth], permissions=[(auth, "grant_signing")])
        """
        if isinstance(grantee, lambda_.Function):
            variable = variable_of(self.id, _SIGNER_PREFIX)
            grantee.add_environment(variable, f"{self.keys_parameter}/private")
        return self._grant_read("private", grantee)

    def _grant_read(self, part: str, grantee: iam.IGrantable) -> iam.Grant:
        arns = [self._parameter_arn(part)]
        return iam.Grant.add_to_principal(grantee=grantee, actions=["ssm:GetParameter"], resource_arns=arns)

    def binding(self) -> Binding:
        """Return where the public keys are and what sessions are like, and the permission to read those keys."""
        values: dict[str, Any] = {
            "url": self._url,
            "prefix": self.prefix,
            "redirects": self.redirects,
            "session_seconds": self.session_seconds,
            "public_keys": f"{self.keys_parameter}/public",
            "table": self.cdk.table.table_name,
        }
        return Binding(kind=self.kind, name=self.id, values=values, grant=self.grant_read_keys)

    def primary_path(self) -> str:
        """Return the path of the keys' custom resource."""
        return f"{self.path}/Keys/Default"

    def attributes(self) -> dict[str, Any]:
        """Return where the routes are, and the function behind them."""
        return {"prefix": self.prefix, "authenticator": self.authenticator.path, "redirects": self.redirects}
