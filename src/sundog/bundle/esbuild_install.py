"""esbuild, pinned with integrity, in the user's cache folder.

`esbuild_lock/package-lock.json` holds the version and the SHA-512 of the package and of the binary for each platform;
npm refuses anything else. To move to another version, change `esbuild_lock/package.json` and run
`npm install --package-lock-only --omit-lockfile-registry-resolved` there.

The folder's name contains the hash of the lock file, so a new version of sundog never sees an older esbuild. It
appears whole by a rename, under a file lock: two sessions that start at once install once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from sundog.bundle.node import node_binary, npm_command
from sundog.errors import BundleError
from sundog.model.cache import cache_dir, locked, staging
from sundog.model.programs import run_program

_LOCK_FOLDER = Path(__file__).parent / "esbuild_lock"
_LOCK_FILES = ("package.json", "package-lock.json")


class EsbuildInstallFailed(BundleError):
    """npm could not install esbuild, which builds JavaScript and TypeScript handlers.

    It is installed once, into the user's cache folder, and needs the npm registry (or the mirror that `npmrc` names).
    """

    code = "SD-BUNDLE-002"


def esbuild_binary(progress: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> Path:
    """Return the esbuild executable, installed first when it is not there.

    Args:
        progress: Told what is being done, in one line, when it takes time.
        environ: The environment that names the cache folder and in which npm runs.

    Raises:
        EsbuildInstallFailed: npm failed.
        NodeMissing: Node is not installed.
    """
    packages = esbuild_packages(progress, environ)
    # The platform package holds the binary; esbuild's own script would only copy it.
    binaries = sorted(packages.glob("@esbuild/*/bin/esbuild"))
    if not binaries:
        raise EsbuildInstallFailed(
            "esbuild has no binary for this machine",
            where=str(packages),
            why="npm installed none of its platform packages",
            fix=f"remove `{packages.parent}` and run the command again",
        )
    return binaries[0]


def esbuild_packages(progress: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> Path:
    """Return a `node_modules` folder from which Node can `require("esbuild")`, installed when it is not there.

    Raises:
        EsbuildInstallFailed: npm failed.
        NodeMissing: Node is not installed.
    """
    folder = cache_dir(environ) / "esbuild" / _lock_hash()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.with_suffix(".lock")):
            if not folder.is_dir():
                progress("Installing esbuild (once)")
                _install(folder, environ)
    return folder / "node_modules"


def _lock_hash() -> str:
    digest = hashlib.sha256()
    for name in _LOCK_FILES:
        digest.update((_LOCK_FOLDER / name).read_bytes())
    return digest.hexdigest()[:16]


def _install(folder: Path, environ: Mapping[str, str]) -> None:
    with staging(folder) as temporary:
        made = temporary / "esbuild"
        made.mkdir()
        for name in _LOCK_FILES:
            shutil.copyfile(_LOCK_FOLDER / name, made / name)
        # --ignore-scripts: nothing that was downloaded runs before its hash was checked, and esbuild needs no script.
        arguments = [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
        ]
        path = f"{node_binary().parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
        finished = run_program([*npm_command(), *arguments], folder=made, environ={**environ, "PATH": path})
        if finished.status:
            raise EsbuildInstallFailed(
                "esbuild cannot be installed",
                where=f"npm ci, exit status {finished.status}",
                why=_cause(finished.output),
                fix=[
                    "check the connection to the npm registry, then run the command again",
                    "behind a proxy or a mirror, set it: `npm config set registry <url>`",
                ],
                details=finished.last_lines,
            )
        made.rename(folder)


def _cause(output: str) -> str | None:
    lines = [line.removeprefix("npm error ") for line in output.splitlines() if line.startswith("npm error ")]
    return next((line for line in lines if not line.startswith(("code ", "errno ", "syscall "))), None)
