"""Which Lambda runtime a handler runs in, and what a file's suffix says about its language."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import aws_cdk.aws_lambda as lambda_
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from sundog.constructs._registry import Registry

PYTHON_RUNTIMES = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
NODE_RUNTIMES = ("nodejs20.x", "nodejs22.x", "nodejs24.x")
RUNTIMES = (*PYTHON_RUNTIMES, *NODE_RUNTIMES)
"""What Lambda offers for new functions, of the languages that sundog runs."""

_OLDEST_WITH_SNAPSHOTS = {"python": (3, 12), "java": (11, 0), "dotnet": (8, 0)}
"""https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html"""

DEFAULT_PYTHON = "python3.12"
DEFAULT_NODE = "nodejs24.x"

LANGUAGES = {
    ".py": "python",
    ".ts": "node",
    ".tsx": "node",
    ".mts": "node",
    ".cts": "node",
    ".js": "node",
    ".jsx": "node",
    ".mjs": "node",
    ".cjs": "node",
}
"""Language by the suffix of the handler's file, in the order in which files are looked for."""

ARCHITECTURES = ("x86_64", "arm64")


def language_of(runtime: str) -> str:
    """Return the language that a runtime runs."""
    return "python" if runtime.startswith("python") else "node"


def default_runtime(language: str, source: Path) -> str:
    """Return the runtime for a language when the user names none.

    Python follows `requires-python` of the `pyproject.toml` in the source folder: the default version when it is
    allowed, else the oldest allowed one that Lambda offers.
    """
    if language == "node":
        return DEFAULT_NODE
    allowed = _requires_python(source / "pyproject.toml")
    if allowed is None:
        return DEFAULT_PYTHON
    candidates = (DEFAULT_PYTHON, *PYTHON_RUNTIMES)
    return next((name for name in candidates if _allows(allowed, name)), DEFAULT_PYTHON)


def _allows(allowed: SpecifierSet, runtime: str) -> bool:
    # Any patch release will do: `>=3.12.3` is met by Lambda's 3.12.
    version = runtime.removeprefix("python")
    return any(allowed.contains(f"{version}.{patch}") for patch in range(31))


def _requires_python(file: Path) -> SpecifierSet | None:
    if not file.is_file():
        return None
    text = tomllib.loads(file.read_text("utf-8")).get("project", {}).get("requires-python")
    try:
        return SpecifierSet(text) if isinstance(text, str) else None
    except InvalidSpecifier:
        # uv and pip say so better; it is not what the user asked of sundog.
        return None


def has_snap_start(runtime: str) -> bool:
    """Tell whether Lambda can restore a runtime from snapshots."""
    match = re.match(r"(python|java|dotnet)(\d+)(?:\.(\d+))?", runtime)
    return match is not None and (int(match[2]), int(match[3] or 0)) >= _OLDEST_WITH_SNAPSHOTS[match[1]]


def cdk_runtime(registry: Registry, name: str) -> lambda_.Runtime:
    """Return the CDK's object for a runtime, made once for each app."""
    runtime = registry.runtimes.get(name)
    if not isinstance(runtime, lambda_.Runtime):
        family = lambda_.RuntimeFamily.PYTHON if name.startswith("python") else lambda_.RuntimeFamily.NODEJS
        runtime = registry.runtimes[name] = lambda_.Runtime(
            name, family, supports_inline_code=True, supports_snap_start=has_snap_start(name)
        )
    return runtime
