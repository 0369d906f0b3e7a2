"""The code of functions as CDK assets.

An asset's hash is made of what goes into the build: the source files, the lock file, the runtime, the architecture and
the build options. So the template does not depend on whether, or where, the code was built, and two machines with the
same sources synthesize the same template.

In `dev` mode the asset is an empty placeholder, because the live session runs the sources themselves. In `deploy` mode,
and under plain `cdk synth`, `sundog.bundle` builds the real thing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk.aws_lambda as lambda_
import msgspec
import sundog_runtime

from sundog.constructs._handlers import Handler
from sundog.constructs.synth_worker.recording import bundle_inputs
from sundog.errors import ConstructError, Location
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project
from sundog.model.sources import source_files

if TYPE_CHECKING:
    from sundog.bundle.options import BuildOptions

_FORMAT = "1"
"""Part of every hash: raise it when the way in which code is built changes."""

_LOCK_FILES = {
    "python": ("uv.lock", "poetry.lock", "Pipfile.lock", "requirements.txt", "pyproject.toml"),
    "node": ("package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "tsconfig.json"),
}

_LOCAL_PACKAGE = re.compile(
    r"""\bpath\s*=|\bworkspace\s*=|\beditable\b|\bfile:|^\s*(?:-e\s|\.)""", re.MULTILINE
)
"""How a requirements or lock file names a package that is a folder."""


class HandlerNotPackaged(ConstructError):
    """A handler's file is in a folder that is left out of the package, so Lambda would not find it.

    Hidden folders, virtual environments, `node_modules`, and `tests`, `build` and `dist` at the top are left out, and what
    `ignore` of `[tool.sundog]` names.
    """

    code = "SD-CONSTRUCT-015"


@dataclass(kw_only=True)
class Assets:
    """The code assets of one app."""

    project: Project
    is_placeholder: bool
    """Stage a placeholder instead of building."""
    _digests: dict[tuple[Path, str], str] = field(default_factory=dict)
    _files: dict[tuple[Path, str], frozenset[Path]] = field(default_factory=dict)
    _own_hashes: dict[str, str] = field(default_factory=dict)
    """What the CDK must be given, by what it makes of it."""
    _codes: dict[tuple[str, str], lambda_.Code] = field(default_factory=dict)

    def input_hash(
        self,
        handler: Handler,
        runtime: str,
        architecture: str,
        build: Mapping[str, Any],
        where: Location | None,
        *,
        warm: bool = False,
    ) -> str:
        """Return the hash of everything that the built code depends on: the name that the asset has in templates.

        Raises:
            HandlerNotPackaged: The handler is among the files that are left out.
            UnknownBuildOption: `build` has an option of another name, or a wrong value.
        """
        from sundog.bundle.javascript import Options
        from sundog.bundle.options import read_options

        parts: list[object] = [_FORMAT, handler.language, runtime, architecture, dict(build)]
        if handler.language == "node":
            # esbuild bundles what the entry file imports, from wherever in the project that is.
            parts += [handler.file.relative_to(self.project.root).as_posix(), handler.function]
            # What keeps it warm is bundled with it; for Python it is in every package.
            parts += ["warm"] if warm else []
            parts += [self._node_runtime_digest()]
            folder = self.project.root
        else:
            parts += [handler.source.relative_to(self.project.root).as_posix()]
            folder = self.project.root if self._has_local_packages(handler) else handler.source
            parts += [self._runtime_digest()]
        parts += [self._digest(folder, handler.language), *self._lock_digests(handler)]
        parts += self._copied_digests(read_options(build, where, Options))
        if handler.file not in self._files[folder, handler.language]:
            raise HandlerNotPackaged(
                f"the handler `{handler.text}` is in a folder that is not packaged",
                where=where,
                why="hidden folders, `tests`, `build`, `dist`, virtual environments and `ignore` of pyproject.toml are not",
                fix="move it to another folder",
            )
        own = hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()
        self._own_hashes[cdk_hash(own)] = own
        return cdk_hash(own)

    def code(self, stack: str, entry: FunctionEntry) -> lambda_.Code:
        """Return the code of a function, shared by the functions of a stack that have the same.

        Args:
            stack: Path of the stack; the CDK stages an asset in each stack that uses it.
            entry: What is known of the function; its `asset_hash` is set.
        """
        asset_hash = str(entry.asset_hash)
        key = (stack, asset_hash)
        if key not in self._codes:
            folder = self._placeholder() if self.is_placeholder else self._build(entry)
            self._codes[key] = lambda_.Code.from_asset(str(folder), asset_hash=self._own_hashes[asset_hash])
        return self._codes[key]

    def _placeholder(self) -> Path:
        folder = self.project.state_dir / "placeholder"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "README.txt"
        if not file.is_file():
            file.write_text(
                "`sundog dev` runs the sources themselves; `sundog deploy` builds them.\n", "utf-8"
            )
        return folder

    def _build(self, entry: FunctionEntry) -> Path:
        from sundog.bundle.build import build
        from sundog.bundle.request import BundleRequest

        output_dir = self.project.state_dir / "build" / str(entry.asset_hash)
        if output_dir.is_dir():
            # It appeared by a rename, so it is whole, and its name says that nothing was edited since.
            return output_dir
        with bundle_inputs():
            return build(BundleRequest(project_root=self.project.root, entry=entry, output_dir=output_dir))

    def _digest(self, folder: Path, language: str) -> str:
        key = (folder, language)
        if key not in self._digests:
            root = self.project.root
            leave_out = [self.project.app_file, *(root / name for name in self.project.settings.ignore)]
            with bundle_inputs():
                files = list(source_files(folder, language=language, leave_out=leave_out))
                self._digests[key] = _digest_of(folder, files)
            self._files[key] = frozenset(files)
        return self._digests[key]

    def _copied_digests(self, options: BuildOptions) -> list[str]:
        """Return digests of what is copied into the package; a file that a command is yet to make is not there."""
        from sundog.bundle.extras import files_of

        with bundle_inputs():
            return [
                f"{one.target} {file.relative_to(path)} {_file_digest(file)}"
                for one in options.copy_files
                for path in [self.project.root / one.source]
                if path.exists()
                for file in files_of(path)
            ]

    def _has_local_packages(self, handler: Handler) -> bool:
        """Tell whether dependencies may be folders of the project, which are packaged too."""
        with bundle_inputs():
            return handler.source != self.project.root and any(
                _LOCAL_PACKAGE.search((handler.source / name).read_text("utf-8", errors="replace"))
                for name in _LOCK_FILES["python"]
                if (handler.source / name).is_file()
            )

    def _runtime_digest(self) -> str:
        """Return the digest of `sundog_runtime`, which is packaged with every Python function."""
        folder = Path(sundog_runtime.__file__).parent
        return self._digest(folder, "python")

    def _node_runtime_digest(self) -> str:
        """Return the digest of `sundog-runtime`, which is bundled into every JavaScript function that imports it."""
        from sundog.bundle.node_runtime import node_runtime_folder

        with bundle_inputs():
            return " ".join(_file_digest(file) for file in sorted(node_runtime_folder().glob("*.js")))

    def _lock_digests(self, handler: Handler) -> list[str]:
        folders = dict.fromkeys((handler.source, self.project.root))
        names = _LOCK_FILES[handler.language]
        with bundle_inputs():
            return [
                f"{folder.relative_to(self.project.root).as_posix()}/{name} {_file_digest(folder / name)}"
                for folder in folders
                for name in names
                if (folder / name).is_file()
            ]


def cdk_hash(asset_hash: str) -> str:
    """Return the hash under which the CDK publishes an asset that was given a hash of its own."""
    return hashlib.sha256(asset_hash.encode()).hexdigest()


def _digest_of(folder: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    prefix = len(os.fspath(folder)) + 1
    for file in files:
        # Strings and plain files: with thousands of files, pathlib would take as long as reading them.
        path = os.fspath(file)
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
            content = stream.read()
        # The length keeps a file's end apart from the next one's name.
        digest.update(f"{path[prefix:]}\0{len(content)}\0".encode(errors="surrogateescape"))
        digest.update(content)
    return digest.hexdigest()


def _file_digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
