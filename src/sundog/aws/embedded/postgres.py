"""The Postgres of the embedded cloud: packages of its own, installed when an app first has a database.

They stand beside the cloud's environment in the cache folder, pinned with their hashes like it, and appear whole, by a rename.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from sundog.aws.embedded.environment import run_uv
from sundog.aws.embedded.errors import CloudNotInstalled
from sundog.model.cache import cache_dir, locked, staging

REQUIREMENTS = Path(__file__).parent / "postgres-requirements.txt"


def postgres_packages(
    progress: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
    interpreter: str = sys.executable,
) -> Path:
    """Return the folder with Postgres and its client, made first when it is not there.

    Args:
        progress: Told what is being done, in one line, when it takes time.
        environ: The environment that names the cache folder and in which uv runs.
        interpreter: The Python that the cloud runs in.

    Raises:
        CloudNotInstalled: uv failed, or the cache folder cannot be written.
    """
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    digest.update(f"{platform.python_version()} {platform.machine()}".encode())
    folder = cache_dir(environ) / "embedded-cloud" / f"postgres-{digest.hexdigest()[:16]}"
    try:
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with locked(folder.with_name(f"{folder.name}.lock")):
                if not folder.is_dir():
                    progress("Installing Postgres for the embedded cloud (once)")
                    _install(folder, environ, interpreter)
    except OSError as error:
        raise CloudNotInstalled(
            "Postgres cannot be installed for the embedded cloud",
            where=str(error.filename or folder),
            why=error.strerror,
            fix="make the cache folder writable, and check that the disk is not full",
        ) from error
    return folder


def _install(folder: Path, environ: Mapping[str, str], interpreter: str) -> None:
    with staging(folder) as temporary:
        made = temporary / "packages"
        options = ["--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--python", interpreter]
        run_uv(
            ["pip", "install", *options, "--target", str(made), "--requirements", str(REQUIREMENTS)],
            str(temporary),
            environ,
        )
        made.rename(folder)
