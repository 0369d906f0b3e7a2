"""What botocore raises, as errors that say what to do.

`translated` wraps every call. A test walks `botocore.exceptions`: an exception that has no place in the tables here
fails it, so that an update of botocore cannot bring a traceback to a user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from sundog.errors import AwsError, BugError, SundogError, suggestion

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class CallContext(msgspec.Struct, frozen=True, kw_only=True):
    """Which call failed, for the message."""

    service: str
    operation: str
    region: str
    profile: str | None
    endpoint_url: str | None

    @property
    def place(self) -> str:
        """The call as a person reads it: `cloudformation:CreateStack in eu-north-1`."""
        name = f"{self.service}:{self.operation}" if self.operation else self.service
        return f"{name} in {self.region}"

    @property
    def with_profile(self) -> str:
        """The option of the AWS CLI that names the profile, with a space before it."""
        return f" --profile {self.profile}" if self.profile else ""


class NoCredentials(AwsError):
    """There are no AWS credentials, or the tool that should deliver them failed.

    The stage `local` needs none. Every other stage uses the credentials that the AWS CLI would use: environment
    variables, the profile, single sign-on, or the machine's role.
    """

    code = "SD-AWS-001"


class CredentialsExpired(AwsError):
    """The AWS credentials are no longer valid: a single sign-on session or temporary credentials ended."""

    code = "SD-AWS-002"


class ProfileMissing(AwsError):
    """The AWS profile is not in `~/.aws/config` or `~/.aws/credentials`."""

    code = "SD-AWS-003"


class AwsSettingsInvalid(AwsError):
    """`~/.aws/config`, or an environment variable of AWS's, has a value that cannot be used."""

    code = "SD-AWS-004"


class RegionInvalid(AwsError):
    """The region does not exist, is not enabled in the account, or lacks the service."""

    code = "SD-AWS-005"


class EndpointUnreachable(AwsError):
    """No answer came from the endpoint: the network, a proxy, or the embedded cloud is down."""

    code = "SD-AWS-006"


class AccessDenied(AwsError):
    """The credentials are valid and may not do this."""

    code = "SD-AWS-007"


class Throttled(AwsError):
    """AWS limits how often an operation may be called, and repeating it with pauses did not help."""

    code = "SD-AWS-008"


class RequestRefused(AwsError):
    """A service refused a request; its own code and words say why."""

    code = "SD-AWS-009"

    def __init__(
        self, what: str, *, aws_code: str, aws_message: str, **fields: str | list[str] | None
    ) -> None:
        super().__init__(what, why=aws_message, where=_text(fields.get("where")), fix=fields.get("fix"))
        self.aws_code = aws_code
        """`ValidationError`, `NoSuchBucket`, …"""
        self.aws_message = aws_message


class AccountMismatch(AwsError):
    """The credentials belong to another account than the stage's settings name."""

    code = "SD-AWS-010"


class ResponseBroken(AwsError):
    """An answer arrived damaged: a proxy cut it, or the endpoint is not AWS."""

    code = "SD-AWS-011"


def _text(value: str | list[str] | None) -> str | None:
    return value if isinstance(value, str) else None


EXCEPTIONS: Mapping[type[SundogError], frozenset[str]] = {
    NoCredentials: frozenset({
        "NoCredentialsError", "NoAuthTokenError", "PartialCredentialsError", "CredentialRetrievalError",
        "UnknownCredentialError", "MetadataRetrievalError", "RefreshWithMFAUnsupportedError",
        "UnknownTokenProviderError", "LoginInsufficientPermissions", "LoginAuthorizationCodeError", "LoginError",
        "InvalidIMDSEndpointError", "InvalidIMDSEndpointModeError",
    }),
    CredentialsExpired: frozenset({
        "SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError", "LoginRefreshRequired",
        "LoginTokenLoadError",
    }),
    ProfileMissing: frozenset({"ProfileNotFound"}),
    AwsSettingsInvalid: frozenset({
        "ConfigParseError", "ConfigNotFound", "InvalidConfigError", "InfiniteLoopConfigError",
        "InvalidRetryConfigurationError", "InvalidMaxRetryAttemptsError", "InvalidRetryModeError",
        "InvalidS3UsEast1RegionalEndpointConfigError", "InvalidSTSRegionalEndpointsConfigError",
        "InvalidProxiesConfigError", "InvalidDefaultsMode", "InvalidEndpointConfigurationError",
        "InvalidChecksumConfigError", "InvalidEndpointDiscoveryConfigurationError", "InvalidS3AddressingStyleError",
        "UnknownSignatureVersionError", "UnsupportedSignatureVersionError", "MissingDependencyException",
        "UnsupportedS3ConfigurationError", "MD5UnavailableError",
    }),
    RegionInvalid: frozenset({
        "UnknownRegionError", "NoRegionError", "InvalidRegionError", "ServiceNotInRegionError",
        "BaseEndpointResolverError", "EndpointVariantError", "UnknownEndpointError", "UnknownFIPSEndpointError",
        "EndpointProviderError", "EndpointResolutionError", "UnknownEndpointResolutionBuiltInName",
    }),
    EndpointUnreachable: frozenset({
        "HTTPClientError", "ConnectionError", "EndpointConnectionError", "SSLError", "ConnectionClosedError",
        "ReadTimeoutError", "ConnectTimeoutError", "ProxyConnectionError", "CapacityNotAvailableError",
    }),
    ResponseBroken: frozenset({
        "ResponseStreamingError", "IncompleteReadError", "ChecksumError", "FlexibleChecksumError",
        "AwsChunkedWrapperError", "EventStreamError", "UnseekableStreamError",
    }),
    # What only a mistake in our own calls can cause.
    BugError: frozenset({
        "BotoCoreError", "DataNotFoundError", "UnknownServiceError", "ApiVersionNotFoundError",
        "MissingParametersError", "ValidationError", "ParamValidationError", "UnknownKeyError", "RangeError",
        "UnknownParameterError", "AliasConflictParameterError", "UnknownServiceStyle", "PaginationError",
        "OperationNotPageableError", "WaiterError", "InvalidExpressionError", "WaiterConfigError",
        "UnknownClientMethodError", "InvalidDNSNameError", "UnsupportedS3ArnError", "UnsupportedS3ControlArnError",
        "InvalidHostLabelError", "UnsupportedOutpostResourceError", "UnsupportedS3AccesspointConfigurationError",
        "UnsupportedS3ControlConfigurationError", "StubResponseError", "StubAssertionError",
        "UnStubbedResponseError", "UndefinedModelAttributeError", "MissingServiceIdError",
        "UnsupportedServiceProtocolsError",
    }),
}  # fmt: skip
"""Names of botocore's exceptions by what they become. `ClientError` is judged by the service's code instead."""

_DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError", "403",
    "Forbidden",
})  # fmt: skip
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN_KEY = frozenset({
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch",
    "AuthFailure", "MissingAuthenticationToken", "IncompleteSignature", "InvalidSignatureException",
})  # fmt: skip
_THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
    "RequestThrottled", "SlowDown", "PriorRequestNotComplete", "BandwidthLimitExceeded",
})  # fmt: skip
_WRONG_REGION = frozenset({
    "OptInRequired", "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException",
    "RegionDisabledException",
})  # fmt: skip

_ACTION = re.compile(
    r"(?:is not authorized to perform|not authorized to perform):? ?`?(?P<action>[\w-]+:\w+)"
)
_RESOURCE = re.compile(r"on resource: (?P<resource>\S+?)(?:[.,]? |$)")
_PRINCIPAL = re.compile(r"User: (?P<principal>\S+) is not authorized")


@contextmanager
def translated(context: CallContext) -> Iterator[None]:
    """Turn what botocore raises in the body into an `AwsError`, the cause kept."""
    try:
        yield
    except SundogError:
        raise
    except Exception as error:
        translation = _translation(error, context)
        if translation is None:
            raise
        raise translation from error


def _translation(error: Exception, context: CallContext) -> SundogError | None:
    # The import is free here: only botocore raises what this function knows.
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return _refusal(error, context)
    for name in (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "botocore.exceptions"):
        for target, names in EXCEPTIONS.items():
            if name in names:
                return _BUILDERS[target](_sentence(str(error)), context)
    return None


def _sentence(text: str) -> str:
    return text.strip().rstrip(".")


def _no_credentials(why: str, context: CallContext) -> SundogError:
    return NoCredentials(
        "AWS credentials cannot be found" if "locate" in why else "AWS credentials cannot be used",
        where=context.place,
        why=why,
        fix=[
            f"sign in: `aws sso login{context.with_profile}` or `aws configure{context.with_profile}`",
            "or name a profile: `--profile <name>`",
            "or work without an account on the stage `local`",
        ],
    )


def _expired(why: str, context: CallContext) -> SundogError:
    return CredentialsExpired(
        "the AWS credentials have expired",
        where=f"profile {context.profile}" if context.profile else context.place,
        why=why,
        fix=[
            f"sign in again: `aws sso login{context.with_profile}`",
            "or renew the variables AWS_ACCESS_KEY_ID, …",
        ],
    )


def _profile_missing(why: str, context: CallContext) -> SundogError:
    return ProfileMissing(
        f"the AWS profile `{context.profile or 'default'}` does not exist",
        where="~/.aws/config",
        why=why,
        fix=[
            "list the profiles: `aws configure list-profiles`",
            f"or make it: `aws configure sso{context.with_profile}`",
        ],
    )


def _settings_invalid(why: str, context: CallContext) -> SundogError:
    return AwsSettingsInvalid(
        "the AWS settings of this machine cannot be used",
        where=f"~/.aws/config, profile {context.profile}"
        if context.profile
        else "~/.aws/config, AWS_* variables",
        why=why,
        fix="correct the setting that the cause names",
    )


def _region_invalid(why: str, context: CallContext) -> SundogError:
    return RegionInvalid(
        f"`{context.service}` has no endpoint in the region `{context.region}`",
        where=context.place,
        why=why,
        fix=[
            *_meant_region(context.region),
            "set `region` in [tool.sundog] to one that the account has enabled",
            "or pass `--region`",
        ],
    )


def _meant_region(region: str) -> list[str]:
    """Return the fix for a region that does not exist and looks like one that does."""
    import botocore.session

    session = botocore.session.get_session()
    known = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("sts", partition)
    ]
    meant = None if region in known else suggestion(region, known)
    return [f"write `{meant}`: there is no region `{region}`"] if meant else []


def _unreachable(why: str, context: CallContext) -> SundogError:
    local = context.endpoint_url
    return EndpointUnreachable(
        f"the local cloud at `{local}` does not answer"
        if local
        else f"AWS does not answer in `{context.region}`",
        where=context.place,
        why=why,
        fix=["start it: `sundog dev`"]
        if local
        else [
            *_meant_region(context.region),
            "check the connection, the proxy (HTTPS_PROXY) and the region",
        ],
    )


def _broken(why: str, context: CallContext) -> SundogError:
    return ResponseBroken(
        f"the answer of `{context.service}:{context.operation}` arrived damaged",
        where=context.place,
        why=why,
        fix="run the command again; when it recurs, check the proxy between this machine and AWS",
    )


def _bug(why: str, context: CallContext) -> SundogError:
    return BugError(
        f"sundog made a wrong request to `{context.service}`",
        where=context.place,
        why=why,
        fix="report it with this text",
    )


_BUILDERS = {
    NoCredentials: _no_credentials,
    CredentialsExpired: _expired,
    ProfileMissing: _profile_missing,
    AwsSettingsInvalid: _settings_invalid,
    RegionInvalid: _region_invalid,
    EndpointUnreachable: _unreachable,
    ResponseBroken: _broken,
    BugError: _bug,
}


def _refusal(error: ClientError, context: CallContext) -> SundogError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = (
        _sentence(str(error.response.get("Error", {}).get("Message", ""))) or f"the service answered `{code}`"
    )
    if code in _EXPIRED:
        return _expired(message, context)
    if code in _UNKNOWN_KEY:
        return _no_credentials(message, context)
    if code in _WRONG_REGION:
        return _region_invalid(message, context)
    if code in _DENIED:
        return _denied(message, context)
    if code in _THROTTLED or "rate exceeded" in message.lower():
        return Throttled(
            f"AWS throttles `{context.service}:{context.operation}`",
            where=context.place,
            why=message,
            fix="wait a minute and run the command again; other tools in the account use up the same limit",
        )
    return RequestRefused(
        f"`{context.service}:{context.operation}` was refused with `{code}`",
        where=context.place,
        aws_code=code,
        aws_message=message,
    )


def _denied(message: str, context: CallContext) -> SundogError:
    action = _ACTION.search(message)
    resource = _RESOURCE.search(message)
    principal = _PRINCIPAL.search(message)
    name = action["action"] if action else f"{context.service}:{context.operation}"
    holder = f"`{principal['principal']}`" if principal else f"the credentials{context.with_profile}"
    on = f" on `{resource['resource']}`" if resource else ""
    return AccessDenied(
        f"{holder} may not do `{name}`{on}",
        where=context.place,
        why=message,
        fix=[
            f"allow `{name}` in the permissions of that user or role",
            "or use another profile: `--profile <name>`",
        ],
    )
