"""The environment of a worker: the function's own variables and what Lambda adds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sundog.model.functions import DeployedFunction

# What a program needs of the developer's machine, and nothing that could change what the handler does in the cloud.
INHERITED = ("PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")
CREDENTIAL_VARIABLES = frozenset(
    {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE"}
)
VOLATILE = frozenset(
    {
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "_X_AMZN_TRACE_ID",
    }
)
"""Variables that differ between two environments of the same function."""


def base_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what every process that runs user code has from this machine."""
    kept = {name: environ[name] for name in INHERITED if name in environ}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", **kept, "LANG": "en_US.UTF-8", "TZ": ":UTC"}


def function_variables(
    function: DeployedFunction,
    *,
    root: Path,
    region: str,
    stage: str,
    app: str,
    endpoint_url: str | None,
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Return the variables that are the same in all environments of a function."""
    entry = function.entry
    platform = {
        "_HANDLER": entry.lambda_handler,
        "AWS_LAMBDA_FUNCTION_NAME": function.physical_name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(entry.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{entry.runtime}",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": str((root / entry.source).resolve()),
        "SUNDOG_DEV": "1",
        "SUNDOG_STAGE": stage,
        "SUNDOG_APP": app,
    }
    # As on Lambda, whose runtime clients write and filter by them what a handler logs.
    logging = {"AWS_LAMBDA_LOG_FORMAT": function.log_format, "AWS_LAMBDA_LOG_LEVEL": function.log_level}
    platform |= {name: value for name, value in logging.items() if value}
    if endpoint_url is not None:
        platform["AWS_ENDPOINT_URL"] = endpoint_url
    own = {name: value for name, value in function.environment.items() if name not in CREDENTIAL_VARIABLES}
    return {**base_variables(environ), **own, **platform}
