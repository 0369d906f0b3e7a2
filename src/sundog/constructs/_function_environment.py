"""The environment variables of a function, checked against what Lambda takes.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import article
from sundog.constructs._values import is_token, without_tokens
from sundog.errors import ConstructError

MOST_BYTES = 4096
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
_SHOWN = 3


class InvalidEnvironment(ConstructError):
    """The environment variables of a function are not what Lambda takes.

    Names have two characters or more: letters, digits and underscores, a letter first; some are Lambda's own. Values are text.
    All names and values together have 4 KB at most, those of bound resources included, which take 100 to 300 bytes each: bind
    what a function uses, keep long settings in a `Parameter` or an object of a `Bucket`.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """

    code = "SD-FUNCTION-006"


def checked_environment(construct: SundogConstruct, given: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables that Lambda takes, as far as their values are known.

    Raises:
        InvalidEnvironment: A name or a value is none.
    """
    for name, value in given.items():
        if not isinstance(value, str):
            raise _invalid(
                construct,
                f"the environment variable `{name}` is `{value!r}`, {article(type(value).__name__)}",
                "environment variables are text",
                f'write `"{name}": "{value}"`',
            )
        if is_token(name):
            continue
        if name in _RESERVED:
            raise _invalid(
                construct,
                f"`{name}` cannot be set",
                "Lambda sets this environment variable itself",
                "give it another name",
            )
        if not _NAME.fullmatch(name):
            cleaned = re.sub(r"[^A-Za-z0-9_]+", "_", name).lstrip("_0123456789")
            raise _invalid(
                construct,
                f"`{name}` cannot be the name of an environment variable",
                "names have two or more letters, digits and underscores, and a letter first",
                f"call it `{cleaned if _NAME.fullmatch(cleaned) else f'{cleaned or name}_VALUE'}`",
            )
    return dict(given)


def check_environment_sizes(functions: Iterable[SundogConstruct]) -> None:
    """Refuse a function whose variables take more than Lambda has room for.

    Only what is known counts: names, and values but for what CloudFormation fills in.

    Raises:
        InvalidEnvironment: They do.
    """
    for function in functions:
        variables: Mapping[str, str] = getattr(function, "variables", {})
        sizes = {name: len(f"{name}{without_tokens(value)}".encode()) for name, value in variables.items()}
        total = sum(sizes.values())
        if total > MOST_BYTES:
            largest = sorted(sizes, key=lambda name: -sizes[name])[:_SHOWN]
            raise _invalid(
                function,
                f"the environment variables have {total:,} bytes or more",
                f"Lambda takes {MOST_BYTES:,}; the largest are {', '.join(f'`{name}` ({sizes[name]:,})' for name in largest)}",
                "bind only what the function uses, and keep long settings in a `Parameter` or a `Bucket`",
            )


def _invalid(construct: SundogConstruct, what: str, why: str, fix: str) -> Exception:
    return construct.error(InvalidEnvironment, f"{construct.kind} `{construct.id}`: {what}", why=why, fix=fix)
