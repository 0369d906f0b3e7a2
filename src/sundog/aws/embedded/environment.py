"""The private Python environment that the embedded cloud runs in.

The emulator pins a botocore of its own, so it never shares an environment with sundog or the user. uv builds one in the
cache folder from `requirements.txt`, where every package is pinned with its hashes. The folder's name contains a hash of
these pins and of the interpreter, so an upgrade of either never meets an older environment.

It is built in a temporary folder beside its final place and appears whole, by a rename, under a file lock: two
sessions that start at once build once, and one that is interrupted leaves nothing that is taken for finished.

The launcher's modules are copied to a folder of their own (`launcher-<hash>/`) and compiled there. That keeps
bytecode out of sundog's own folder, which may be read-only, and keeps a running cloud whole while sundog is upgraded.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sundog.aws.embedded.errors import CloudNotInstalled
from sundog.model.cache import cache_dir, locked, staging
from sundog.model.programs import run_program

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
LAUNCHER_SOURCE = Path(__file__).parent / "launcher"
LAUNCHER_PACKAGE = "sundog_launcher"
"""The name under which the copied launcher is imported."""

_HOW_OFTEN = 2
"""A download that breaks off is tried once more."""


@dataclass(frozen=True, kw_only=True)
class CloudEnvironment:
    """An interpreter that can import the emulator, and the launcher for it."""

    python: Path
    launcher: Path
    """Folder to put on the import path; it holds the package `sundog_launcher`."""


def cloud_environment(
    progress: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
    interpreter: str = sys.executable,
) -> CloudEnvironment:
    """Return the embedded cloud's environment, made first when it is not there.

    Args:
        progress: Told what is being done, in one line, when it takes time.
        environ: The environment that names the cache folder and in which uv runs.
        interpreter: The Python that the environment is made from.

    Raises:
        CloudNotInstalled: uv failed, or the cache folder cannot be written.
    """
    parent = cache_dir(environ) / "embedded-cloud"
    folder = parent / _environment_name(interpreter)
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            parent.mkdir(parents=True, exist_ok=True)
            with locked(folder.with_name(f"{folder.name}.lock")):
                if not python.exists():
                    progress("Installing the embedded cloud (once)")
                    _build(folder, environ, interpreter)
        return CloudEnvironment(python=python, launcher=_installed_launcher(folder, python))
    except OSError as error:
        raise CloudNotInstalled(
            "the embedded cloud cannot be installed",
            where=str(error.filename or parent),
            why=error.strerror,
            fix=[
                "make the cache folder writable, and check that the disk is not full",
                "or name another: `export SUNDOG_CACHE_DIR=/path/to/folder`",
            ],
        ) from error


def _environment_name(interpreter: str) -> str:
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    # A virtual environment refers to the interpreter it was made from; another one needs another environment.
    digest.update(os.fsencode(Path(interpreter).resolve()))
    digest.update(f"{platform.python_version()} {platform.machine()}".encode())
    return digest.hexdigest()[:16]


def _build(folder: Path, environ: Mapping[str, str], interpreter: str) -> None:
    if folder.exists() or folder.is_symlink():
        # Its interpreter is gone: Python was uninstalled or upgraded in place.
        shutil.rmtree(folder)
    with staging(folder) as temporary:
        made = temporary / "environment"
        run_uv(
            ["venv", "--quiet", "--no-project", "--relocatable", "--python", interpreter, str(made)],
            str(temporary),
            environ,
        )
        install = [
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
            "--compile-bytecode",
            "--python",
            str(made / "bin" / "python"),
            "--requirements",
            str(REQUIREMENTS),
        ]
        for attempt in range(1, _HOW_OFTEN + 1):
            try:
                run_uv(install, str(temporary), environ)
                break
            except CloudNotInstalled:
                if attempt == _HOW_OFTEN:
                    raise
        made.rename(folder)


def run_uv(arguments: list[str], folder: str, environ: Mapping[str, str]) -> None:
    """Run uv in a folder, apart from the user's own environments.

    Raises:
        CloudNotInstalled: It failed.
    """
    import uv

    # VIRTUAL_ENV and the like point at the user's environment, PYTHONDONTWRITEBYTECODE would leave the emulator to be
    # compiled again at each start: 3 s instead of 0.3 s.
    unwanted = {
        "VIRTUAL_ENV",
        "UV_PROJECT_ENVIRONMENT",
        "CONDA_PREFIX",
        "UV_NO_COMPILE_BYTECODE",
        "UV_SYSTEM_PYTHON",
    }
    kept = {
        name: value
        for name, value in environ.items()
        if name not in unwanted and not name.startswith("PYTHON")
    }
    # Not the user's folder: uv reads the settings of the project it stands in.
    finished = run_program([uv.find_uv_bin(), *arguments], folder=folder, environ=kept)
    if finished.status:
        raise CloudNotInstalled(
            "the embedded cloud cannot be installed",
            where=f"uv {arguments[0]}, exit status {finished.status}",
            why=_cause(finished.output),
            fix=[
                "check the connection to the Python package index, then run the command again",
                "behind a proxy or a mirror, set it: `export UV_DEFAULT_INDEX=<url>`",
            ],
            details=finished.last_lines,
        )


def _cause(output: str) -> str | None:
    lines = [line.strip() for line in output.splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return next(iter([*causes[-1:], *errors]), None)


def _installed_launcher(environment: Path, python: Path) -> Path:
    sources = sorted(LAUNCHER_SOURCE.rglob("*.py"))
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.relative_to(LAUNCHER_SOURCE)}\0".encode())
        digest.update(source.read_bytes())
    folder = environment / f"launcher-{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=environment, prefix="launcher-new-") as temporary:
        staging = Path(temporary) / "launcher"
        for source in sources:
            target = staging / LAUNCHER_PACKAGE / source.relative_to(LAUNCHER_SOURCE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        # Checked by hash, not by time: a rename or a copy of the cache must not bring back compiling at each start.
        subprocess.run(
            [python, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", staging],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        try:
            staging.rename(folder)
        except OSError:
            # Another session was quicker; any other cause leaves no folder, and is the caller's to tell.
            if not folder.is_dir():
                raise
    return folder
