"""Packaging Python functions: sources, third-party packages for Lambda's platform, and `sundog_runtime`.

Packages are installed by uv into the cache folder, once for the same requirements, runtime and architecture, and copied
from there. Only wheels are installed, because what this machine would build may not run on Lambda; packages of the
project's own (`./libs/shared`) are built, as they have no wheel, and must then be pure Python.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sundog.bundle.python_imports import check_imports
from sundog.bundle.request import BundleRequest
from sundog.bundle.requirements import Requirements, find_requirements, package_name
from sundog.bundle.uv_tool import run_uv
from sundog.errors import BugError, BundleError
from sundog.model.cache import cache_dir, locked, staging
from sundog.model.project import find_project
from sundog.model.sources import source_files

_FORMAT = 1
"""Part of the cache key: raise it when the way in which packages are installed changes."""

_RUNTIME_PACKAGE = "sundog_runtime"
_PRUNED_METADATA = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""They differ from install to install, or name paths of this machine."""
_LOCAL = (".", "/", "file:")


class NotPurePython(BundleError):
    """A package of the project's own has compiled parts, which were built for this machine and not for Lambda."""

    code = "SD-BUNDLE-017"


def build_python(request: BundleRequest, staging: Path) -> None:
    """Fill a folder with the code of a Python function.

    Raises:
        BundleError: A dependency is missing or cannot be installed.
    """
    entry = request.entry
    project = find_project(request.project_root)
    source = project.root / entry.source
    platform = f"{entry.runtime} on {entry.architecture}"
    requirements = find_requirements(project.root, source, request.environ, platform)
    with _packages(requirements, request, platform) as packages:
        if packages is not None:
            shutil.copytree(packages, staging, dirs_exist_ok=True)
    _copy_runtime(staging)
    leave_out = [project.app_file, *(project.root / name for name in project.settings.ignore)]
    for file in source_files(source, language="python", leave_out=leave_out):
        target = staging / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    check_imports(project, entry, staging, requirements.file)


def _copy_runtime(staging: Path) -> None:
    spec = importlib.util.find_spec(_RUNTIME_PACKAGE)
    if spec is None or spec.origin is None:
        raise BugError(
            f"the package `{_RUNTIME_PACKAGE}` is not installed beside sundog", fix="reinstall sundog"
        )
    target = staging / _RUNTIME_PACKAGE
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(Path(spec.origin).parent, target, ignore=shutil.ignore_patterns("__pycache__"))


def lambda_platform(runtime: str, architecture: str) -> str:
    """Return uv's name of the platform that a Python runtime runs on.

    Example:
        >>> lambda_platform("python3.12", "arm64")
        'aarch64-manylinux_2_34'
    """
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    # Up to 3.11 Lambda's Python runs on Amazon Linux 2 with glibc 2.26, from 3.12 on Amazon Linux 2023 with 2.34.
    newer = int(runtime.removeprefix("python3.")) >= 12
    return f"{machine}-manylinux_2_34" if newer else f"{machine}-manylinux2014"


@contextmanager
def _packages(requirements: Requirements, request: BundleRequest, platform: str) -> Iterator[Path | None]:
    if requirements.is_empty:
        yield None
        return
    entry = request.entry
    folder = cache_dir(request.environ) / "python-packages"
    folder.mkdir(parents=True, exist_ok=True)
    if any(_is_local(line) for line in requirements.lines):
        # Their content is not in the requirements, so it cannot be part of a key.
        with tempfile.TemporaryDirectory(dir=folder, prefix="local-") as temporary:
            yield _install(requirements, request, Path(temporary), platform)
        return
    key = (_FORMAT, requirements.lines, requirements.excluded, entry.runtime, entry.architecture)
    cached = folder / hashlib.sha256(msgspec.json.encode(key)).hexdigest()[:32]
    if not cached.is_dir():
        with locked(cached.with_suffix(".lock")):
            if not cached.is_dir():
                with staging(cached) as temporary:
                    _install(requirements, request, temporary, platform).rename(cached)
    yield cached


def _install(requirements: Requirements, request: BundleRequest, temporary: Path, platform: str) -> Path:
    entry = request.entry
    request.progress(f"Installing Python packages for {platform}")
    wanted, excluded, target = (
        temporary / "requirements.txt",
        temporary / "excluded.txt",
        temporary / "packages",
    )
    lines = [_absolute(line, requirements.folder) for line in requirements.lines]
    wanted.write_text(
        "".join(f"{line}\n" for line in lines if package_name(line) not in requirements.excluded), "utf-8"
    )
    excluded.write_text("".join(f"{name}\n" for name in requirements.excluded), "utf-8")
    arguments = [
        "pip", "install", "--target", str(target), "--python", sys.executable,
        "--python-version", entry.runtime.removeprefix("python"),
        "--python-platform", lambda_platform(entry.runtime, entry.architecture),
        "--excludes", str(excluded), "--requirements", str(wanted),
    ]  # fmt: skip
    run_uv(
        [*arguments, *_only_wheels(lines)],
        folder=requirements.folder,
        environ=request.environ,
        platform=platform,
    )
    target.mkdir(exist_ok=True)
    _prune(target)
    _check_pure(target, [line for line in lines if _is_local(line)])
    return target


def _is_local(line: str) -> bool:
    line = line.removeprefix("-e ").strip()
    return line.startswith(_LOCAL) or "@ file:" in line


def _absolute(line: str, folder: Path) -> str:
    # The requirements are written to another folder, and an editable install would point into this machine.
    bare = line.removeprefix("-e ").strip()
    if bare.startswith("."):
        path, separator, marker = bare.partition(" ;")
        return f"{(folder / path.strip()).resolve().as_uri()}{separator}{marker}"
    for option in ("-r ", "-c ", "--requirement ", "--constraint "):
        if bare.startswith(option):
            return f"{option}{(folder / bare.removeprefix(option).strip()).resolve()}"
    return bare


def _only_wheels(lines: Iterable[str]) -> list[str]:
    if not any(_is_local(line) for line in lines):
        return ["--only-binary", ":all:"]
    names = (package_name(line) for line in lines if not _is_local(line))
    return [word for name in names if name for word in ("--only-binary", name)]


def _prune(target: Path) -> None:
    # Scripts have the path of an interpreter of this machine in their first line.
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    for cache in list(target.rglob("__pycache__")):
        shutil.rmtree(cache)
    for metadata in target.glob("*.dist-info"):
        for name in _PRUNED_METADATA:
            (metadata / name).unlink(missing_ok=True)


def _check_pure(target: Path, local: list[str]) -> None:
    if not local:
        return
    for wheel in target.glob("*.dist-info/WHEEL"):
        text = wheel.read_text("utf-8", "replace")
        if "Tag: " in text and "linux_" in text and "manylinux" not in text and "musllinux" not in text:
            name = wheel.parent.name.partition("-")[0]
            raise NotPurePython(
                f"the package `{name}` of this project has compiled parts",
                where=next((line for line in local if name in line), None),
                why="they were built for this machine and may not run on Lambda",
                fix=f"build a wheel of `{name}` for Lambda's platform and depend on that",
            )
