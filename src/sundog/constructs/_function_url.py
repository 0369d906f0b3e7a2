"""The URL of a function: HTTP without an API in between.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk
import aws_cdk.aws_lambda as lambda_

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._cors import cors_settings
from sundog.constructs._settings import refuse_unknown_settings
from sundog.errors import ConstructError

_AUTH = {"none": lambda_.FunctionUrlAuthType.NONE, "iam": lambda_.FunctionUrlAuthType.AWS_IAM}
_SETTINGS = ("auth", "cors", "streaming")
_CORS = {
    "allow_origins": "allowed_origins",
    "allow_headers": "allowed_headers",
    "expose_headers": "exposed_headers",
}
"""Those of the settings, the same as of an `Api`, that the CDK calls otherwise for a function URL."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
"""What a URL may answer with; OPTIONS is answered by Lambda itself."""


class InvalidFunctionUrl(ConstructError):
    """`url` of a function is neither True nor settings that a function URL has.

    The settings are `auth` (`"none"`, the default, or `"iam"`), `cors` (True, False or a dictionary as for `Api`) and
    `streaming`. Lambda streams the responses of Node functions only: a Python function needs the Lambda Web Adapter for it.
    """

    code = "SD-FUNCTION-002"


def add_url(construct: SundogConstruct, given: Any, function: Any, *, language: str) -> Any | None:
    """Give a function the URL that its `url` asks for.

    Args:
        construct: The function, for messages.
        given: What the user wrote.
        function: The CDK's function, or an alias of it.
        language: Of the handler.

    Returns:
        The CDK's function URL, or None.

    Raises:
        InvalidFunctionUrl: A setting is not one, or this function cannot have it.
    """
    if given is None or given is False:
        return None
    settings = {} if given is True else given
    if not isinstance(settings, Mapping):
        raise construct.error(
            InvalidFunctionUrl,
            f"{construct.kind} `{construct.id}`: `url` is `{given!r}`",
            why="`url` is True or a dictionary of settings",
            fix='write `url=True`, or `url={"auth": "iam"}`',
        )
    refuse_unknown_settings(construct, InvalidFunctionUrl, "`url`", settings, _SETTINGS)
    options: dict[str, Any] = {"auth_type": _auth(construct, settings.get("auth", "none"))}
    cors = _cors(construct, settings.get("cors", True))
    if cors is not None:
        options["cors"] = cors
    if settings.get("streaming"):
        _refuse_streaming_in(construct, language)
        options["invoke_mode"] = lambda_.InvokeMode.RESPONSE_STREAM
    return function.add_function_url(**{**options, **construct.cdk_props("url")})


def _refuse_streaming_in(construct: SundogConstruct, language: str) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
    if language != "node":
        raise construct.error(
            InvalidFunctionUrl,
            f"{construct.kind} `{construct.id}`: a {language.capitalize()} handler cannot stream its response",
            why="Lambda's own runtimes stream for Node only",
            fix='remove `"streaming": True`, or write the handler in TypeScript',
        )


def _auth(construct: SundogConstruct, given: Any) -> lambda_.FunctionUrlAuthType:
    if given not in _AUTH:
        raise construct.error(
            InvalidFunctionUrl,
            f"{construct.kind} `{construct.id}`: `auth` of `url` is `{given}`",
            why='a URL is open to all (`"none"`) or to callers that sign their requests (`"iam"`)',
            fix='write `url={"auth": "iam"}`',
        )
    return _AUTH[given]


def _cors(construct: SundogConstruct, given: Any) -> lambda_.FunctionUrlCorsOptions | None:
    found = cors_settings(construct, given, kind=InvalidFunctionUrl, what="`cors` of `url`", methods=_METHODS)
    if found is None:
        return None
    methods = found.pop("allow_methods")
    options = {_CORS.get(name, name): value for name, value in found.items()}
    options["allowed_methods"] = [
        lambda_.HttpMethod["ALL" if name == "ANY" else name] if isinstance(name, str) else name
        for name in methods
    ]
    if "max_age" in found:
        options["max_age"] = aws_cdk.Duration.seconds(found["max_age"])
    return lambda_.FunctionUrlCorsOptions(**options)
