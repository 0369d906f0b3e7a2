"""Addresses of resources on this machine.

CloudFormation outputs name hosts such as `abc.execute-api.us-east-1.amazonaws.com`, which belong to AWS, or
`abc.execute-api.localhost`, which browsers resolve and most other programs do not. The emulator also answers below
paths of its endpoint, which every program reaches; those are used.
"""

from __future__ import annotations

import re

from sundog.aws.embedded.interface import ServiceKind

_HOST = r"(?:[a-z0-9-]+\.)*(?:amazonaws\.com(?:\.cn)?|on\.aws|localhost|127\.0\.0\.1)(?::\d+)?"
_API = re.compile(rf"(?:https?|wss?)://([a-z0-9]+)\.execute-api\.{_HOST}(/[^\s\"'?#]*)?")
_GRAPHQL = re.compile(rf"https?://([a-z0-9]+)\.appsync-api\.{_HOST}/graphql")
_GRAPHQL_LIVE = re.compile(rf"wss?://([a-z0-9]+)\.appsync-realtime-api\.{_HOST}/graphql")
_FUNCTION_URL = re.compile(rf"https?://([a-z0-9-]+)\.lambda-url\.{_HOST}(/)?")
_DISTRIBUTION = re.compile(r"https?://([a-z0-9]+)\.cloudfront\.net")
_QUEUE = re.compile(
    r"https?://(?:sqs\.[a-z0-9-]+\.amazonaws\.com|[a-z0-9-]+\.queue\.amazonaws\.com)/(\d{12}/)"
)
_BUCKET_HOST = re.compile(r"https?://([a-z0-9.-]+)\.s3(?:\.[a-z0-9-]+)?\.amazonaws\.com(/|\b)")
_BUCKET_PATH = re.compile(r"https?://s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(/|\b)")


def url_for(endpoint_url: str, kind: ServiceKind, identifier: str, stage: str = "$default") -> str:
    """Return the address at which a resource answers on this machine.

    Args:
        endpoint_url: Where the emulator answers.
        kind: What the resource is.
        identifier: The id of an API or a function URL, the name of a queue or a bucket.
        stage: Of an API.

    Example:
        >>> url_for("http://127.0.0.1:4566", "api", "abc123")
        'http://127.0.0.1:4566/_aws/execute-api/abc123/$default'
    """
    if kind == "api":
        return f"{endpoint_url}/_aws/execute-api/{identifier}/{stage}"
    if kind == "function_url":
        return f"{endpoint_url}/_aws/lambda-url/{identifier}/"
    if kind == "queue":
        return f"{endpoint_url}/000000000000/{identifier}"
    return f"{endpoint_url}/{identifier}"


def rewrite_url(endpoint_url: str, text: str) -> str:
    """Replace host names of resources in a text by addresses that answer on this machine.

    Example:
        >>> rewrite_url("http://127.0.0.1:4566", "https://abc123.execute-api.us-east-1.amazonaws.com/")
        'http://127.0.0.1:4566/_aws/execute-api/abc123/$default/'
    """

    def api(match: re.Match[str]) -> str:
        scheme, path = match.group(0).partition("://")[0], match.group(2) or ""
        stage, rest = _stage_and_path(path)
        local = url_for(endpoint_url, "api", match.group(1), stage)
        if scheme in {"ws", "wss"}:
            local = local.replace("http://", "ws://", 1)
        return local + rest

    text = _API.sub(api, text)
    text = _GRAPHQL.sub(lambda match: f"{endpoint_url}/v1/apis/{match.group(1)}/graphql", text)
    live = endpoint_url.replace("http://", "ws://", 1)
    text = _GRAPHQL_LIVE.sub(lambda match: f"{live}/v1/apis/{match.group(1)}/graphql/realtime", text)
    text = _FUNCTION_URL.sub(lambda match: url_for(endpoint_url, "function_url", match.group(1)), text)
    # Pages name their files from the root of the host, so a site cannot stand below a path.
    port = endpoint_url.rpartition(":")[2]
    text = _DISTRIBUTION.sub(lambda match: f"http://{match.group(1)}.cloudfront.localhost:{port}", text)
    text = _QUEUE.sub(lambda match: f"{endpoint_url}/{match.group(1)}", text)
    text = _BUCKET_HOST.sub(lambda match: f"{endpoint_url}/{match.group(1)}{match.group(2)}", text)
    return _BUCKET_PATH.sub(lambda match: f"{endpoint_url}{match.group(1)}", text)


def _stage_and_path(path: str) -> tuple[str, str]:
    """Tell the stage from the path: an API whose URL names none has the stage `$default`."""
    first, slash, rest = path.lstrip("/").partition("/")
    return (first, f"{slash}{rest}") if first else ("$default", path)
