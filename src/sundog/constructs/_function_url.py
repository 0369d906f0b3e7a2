"""The URL of a function: HTTP without an API in between.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk
import aws_cdk.aws_lambda as lambda_

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import listed
from sundog.constructs._values import seconds
from sundog.errors import ConstructError, suggestion

_AUTH = {"none": lambda_.FunctionUrlAuthType.NONE, "iam": lambda_.FunctionUrlAuthType.AWS_IAM}
_SETTINGS = ("auth", "cors", "streaming")
_CORS = {
    "allow_origins": "allowed_origins",
    "allow_methods": "allowed_methods",
    "allow_headers": "allowed_headers",
    "expose_headers": "exposed_headers",
    "allow_credentials": "allow_credentials",
    "max_age": "max_age",
}
"""The settings as `Api` has them too, and the CDK's names for a function URL."""
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
    _refuse_unknown(construct, "`url`", settings, _SETTINGS)
    options: dict[str, Any] = {"auth_type": _auth(construct, settings.get("auth", "none"))}
    cors = settings.get("cors", True)
    if cors is not False:
        options["cors"] = _cors(construct, cors)
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


def _refuse_unknown(
    construct: SundogConstruct, what: str, given: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key in given:
        if key not in known:
            close = suggestion(str(key), known)
            raise construct.error(
                InvalidFunctionUrl,
                f"{construct.kind} `{construct.id}`: {what} has no setting `{key}`",
                why=f"the settings are {listed(known)}",
                fix=f"write `{close}`" if close else f"remove `{key}`",
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


def _cors(construct: SundogConstruct, given: Any) -> lambda_.FunctionUrlCorsOptions:
    if given is True:
        given = {"allow_origins": ["*"], "allow_headers": ["*"]}
    if not isinstance(given, Mapping):
        raise construct.error(
            InvalidFunctionUrl,
            f"{construct.kind} `{construct.id}`: `cors` of `url` is `{given!r}`",
            why="`cors` is True, False or a dictionary",
            fix='write `url={"cors": {"allow_origins": ["https://example.com"]}}`',
        )
    _refuse_unknown(construct, "`cors`", given, tuple(_CORS))
    options: dict[str, Any] = {"allowed_methods": [lambda_.HttpMethod.ALL]}
    options |= {_CORS[key]: value for key, value in given.items() if key not in ("allow_methods", "max_age")}
    if "allow_methods" in given:
        options["allowed_methods"] = [_method(construct, name) for name in given["allow_methods"]]
    if "max_age" in given:
        options["max_age"] = _max_age(construct, given["max_age"])
    return lambda_.FunctionUrlCorsOptions(**options)


def _method(construct: SundogConstruct, given: Any) -> lambda_.HttpMethod:
    if isinstance(given, lambda_.HttpMethod):
        return given
    name = str(given).upper()
    if name in ("*", "ANY"):
        return lambda_.HttpMethod.ALL
    if name not in _METHODS:
        close = suggestion(name, _METHODS)
        raise construct.error(
            InvalidFunctionUrl,
            f"{construct.kind} `{construct.id}`: `{given}` of `allow_methods` is not a method",
            why=f"the methods are {listed(_METHODS)}, or `*` for all",
            fix=f"write `{close}`" if close else "write one of them",
        )
    return lambda_.HttpMethod[name]


def _max_age(construct: SundogConstruct, given: Any) -> aws_cdk.Duration:
    value = seconds(given)
    # https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
    if value is None or not 0 <= value <= 86400:
        raise construct.error(
            InvalidFunctionUrl,
            f"{construct.kind} `{construct.id}`: `max_age` of `cors` is `{given}`",
            why="a browser may keep the answer for up to a day",
            fix='write `"max_age": "1 hour"`',
        )
    return aws_cdk.Duration.seconds(value)
