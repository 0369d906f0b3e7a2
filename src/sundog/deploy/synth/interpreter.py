"""Which Python runs the app, and what is installed for it."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("sundog", "aws-cdk-lib", "constructs", "jsii")


def app_python(root: Path) -> str:
    """Return the project's own interpreter when sundog is installed for it, else the one that runs sundog."""
    environment = root / ".venv"
    python = environment / "bin" / "python"
    if environment.resolve() == Path(sys.prefix).resolve() or not python.exists():
        return sys.executable
    installed = any(environment.glob("lib/python3*/site-packages/sundog-*.dist-info"))
    return str(python) if installed else sys.executable


def installed_versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "none"
    return versions
