"""uv, which resolves and installs Python packages, and what its failures mean for a function."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sundog.errors import BundleError, SundogError
from sundog.model.programs import run_program


class DependencyUnknown(BundleError):
    """A package that the project depends on is not in the package index."""

    code = "SD-BUNDLE-010"


class DependenciesUnresolvable(BundleError):
    """There are no versions of the project's dependencies that fit together, or fit the function's runtime."""

    code = "SD-BUNDLE-011"


class NoWheel(BundleError):
    """A dependency has no prebuilt wheel for Lambda's platform.

    sundog installs wheels only: a package built on this machine may not run on Lambda's Linux.
    """

    code = "SD-BUNDLE-012"


class IndexUnreachable(BundleError):
    """The package index did not answer."""

    code = "SD-BUNDLE-013"


class LockOutdated(BundleError):
    """`uv.lock` does not match `pyproject.toml`, or cannot be read."""

    code = "SD-BUNDLE-014"


class InstallFailed(BundleError):
    """uv failed for a reason of its own; its output says which."""

    code = "SD-BUNDLE-015"


_SPACES = re.compile(r"\s+")
_UNKNOWN = re.compile(
    r"`?(?P<name>[\w.-]+)`? was not found in the (?:package registry|provided package locations)"
)
_NO_WHEEL = re.compile(
    r"(?:`?(?P<name>[\w.-]+?)(?:==(?P<version>[\w.+!-]+))?`? has no (?:usable )?wheels"
    r"|[Bb]uilding (?:source distributions )?(?:for `)?(?P<sdist>[\w.-]+)`? is disabled)"
)


def run_uv(arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], platform: str) -> str:
    """Run uv and return what it printed.

    Args:
        arguments: Without the program.
        folder: Where it runs; relative paths in requirements start there.
        environ: The environment; a virtual environment in it is left out.
        platform: The function's runtime and architecture, for messages.

    Raises:
        BundleError: uv failed; the class says why.
    """
    import uv

    clean = {
        name: value
        for name, value in environ.items()
        if name not in {"VIRTUAL_ENV", "PYTHONPATH", "UV_TARGET"}
    }
    finished = run_program(
        [uv.find_uv_bin(), *arguments, "--no-progress", "--color", "never"],
        folder=folder,
        environ=clean,
        apart=True,
    )
    if finished.status:
        raise failure(finished.errors, f"uv {arguments[0]}, exit status {finished.status}", platform)
    return finished.output


def failure(output: str, where: str, platform: str) -> SundogError:
    """Return the error that uv's output describes."""
    lines = [
        line.rstrip() for line in output.splitlines() if line.strip() and not line.startswith("warning:")
    ]
    text = _SPACES.sub(" ", " ".join(line.strip() for line in lines))
    why = text.removeprefix("error: ")[:600]
    details = lines[-20:]
    if found := _UNKNOWN.search(text):
        return DependencyUnknown(
            f"the package `{found['name']}` does not exist",
            where=where,
            why=f"no index that uv is configured to use has a package `{found['name']}`",
            fix=f"correct the name `{found['name']}` in the project's dependencies",
            details=details,
        )
    if found := _NO_WHEEL.search(text):
        name = found["name"] or found["sdist"]
        return NoWheel(
            f"`{name}` has no wheel for {platform}",
            where=where,
            why=why,
            fix=[
                f"require a version of `{name}` that has one",
                "or choose another runtime or architecture: `Function(…, runtime=…, architecture=…)`",
            ],
            details=details,
        )
    if "No solution found" in text or "unsatisfiable" in text:
        return DependenciesUnresolvable(
            f"the dependencies do not fit together for {platform}",
            where=where,
            why=why,
            fix="loosen the versions that the cause names, in pyproject.toml or requirements.txt",
            details=details,
        )
    if "Failed to fetch" in text or "error sending request" in text or "Could not connect" in text:
        return IndexUnreachable(
            "the package index does not answer",
            where=where,
            why=why,
            fix=["check the connection, then run the command again", "behind a mirror, set UV_DEFAULT_INDEX"],
            details=details,
        )
    if "uv.lock" in text or "lockfile" in text:
        return LockOutdated(
            "`uv.lock` cannot be used",
            where=where,
            why=why,
            fix="run `uv lock` in the folder",
            details=details,
        )
    return InstallFailed(
        "the dependencies cannot be installed",
        where=where,
        why=why,
        fix="correct what uv's output names",
        details=details,
    )
