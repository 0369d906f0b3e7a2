"""How a worker comes to be: as a fork of the zygote, or as a fresh interpreter.

Forking is what makes an edit live within milliseconds. On macOS it is not safe: Apple's frameworks, which Python's own
proxy look-up uses, end a process that was forked and did not start another program. There a worker is a fresh
interpreter that has imported the third-party modules before it is needed; the behaviour is the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from sundog.errors import ConfigError, suggestion

StartMethod: TypeAlias = Literal["fork", "spawn"]
VARIABLE = "SUNDOG_WORKER_START"


class UnknownStartMethod(ConfigError):
    """`SUNDOG_WORKER_START` has a value that is no way to start a worker."""

    code = "SD-LIVE-012"


def choose_start_method(environ: Mapping[str, str], platform: str = sys.platform) -> StartMethod:
    """Return what the environment asks for, else what is safe on this system.

    Raises:
        UnknownStartMethod: The environment asks for something else.
    """
    wanted = environ.get(VARIABLE)
    if not wanted:
        return "spawn" if platform == "darwin" else "fork"
    for known in get_args(StartMethod):
        if wanted == known:
            method: StartMethod = known
            return method
    methods = get_args(StartMethod)
    close = suggestion(wanted, methods)
    raise UnknownStartMethod(
        f"`{VARIABLE}={wanted}` is no way to start a worker",
        why=f"the ways are {', '.join(methods)}",
        fix=f"set it to `{close}`" if close else f"unset {VARIABLE}",
    )
