"""Bundles of a Node handler for measuring: as it is deployed, and with marks where each module begins and ends."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sundog.bundle.javascript import Options, build_error, bundle_flags
from sundog.errors import Location, SeveralErrors, SundogError
from sundog.live.node.esbuild_service import BuildMessage, BuildPlan, EsbuildService
from sundog.model.manifest import FunctionEntry

NAME = "index"


class InputImport(msgspec.Struct, frozen=True):
    """An import of a bundled file."""

    path: str
    kind: str = ""
    original: str = ""
    """As the source has it."""
    external: bool = False


class Input(msgspec.Struct, frozen=True):
    """A bundled file."""

    imports: list[InputImport] = []
    format: str = ""
    """`esm` or `cjs`."""


class InputShare(msgspec.Struct, frozen=True, rename={"bytes": "bytesInOutput"}):
    """What became of an input in an output."""

    bytes: int = 0


class Output(msgspec.Struct, frozen=True):
    """A file that esbuild made."""

    bytes: int = 0
    imports: list[InputImport] = []
    inputs: dict[str, InputShare] = {}


class Metafile(msgspec.Struct, frozen=True):
    """What esbuild tells of a build: https://esbuild.github.io/api/#metafile."""

    inputs: dict[str, Input] = {}
    outputs: dict[str, Output] = {}


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A handler's module, bundled."""

    file: Path
    code_bytes: int
    map_bytes: int
    metafile: Metafile

    @property
    def output(self) -> Output:
        """What esbuild tells of the module."""
        return next(one for name, one in self.metafile.outputs.items() if name.endswith(f"{NAME}.mjs"))

    @property
    def externals(self) -> list[str]:
        """What the module imports when it is loaded, in the order of evaluation."""
        found = [one.path for one in self.output.imports if one.external and one.kind == "import-statement"]
        return list(dict.fromkeys(found))


class BundleMaker:
    """Makes bundles of one function, each in a folder of its own."""

    def __init__(self, service: EsbuildService, entry: FunctionEntry, root: Path, folder: Path) -> None:
        """Take what is bundled.

        Args:
            service: Builds.
            entry: The function.
            root: The project's folder, links resolved.
            folder: Where bundles go.
        """
        self._service = service
        self._entry = entry
        self._root = root
        self._folder = folder

    async def make(self, name: str, options: Options, *, marked: bool = False) -> Bundle:
        """Make a bundle.

        Args:
            name: Of its folder.
            options: Of the function's `build`.
            marked: Call `__sundogBegin` and `__sundogEnd` around each module.

        Raises:
            BundleError: The code does not build.
        """
        folder = self._folder / name
        plan = BuildPlan(
            entry=f"./{self._entry.file}",
            output_name=NAME,
            flags=(
                f"--outdir={folder}",
                "--out-extension:.js=.mjs",
                "--log-level=silent",
                "--metafile",
                *bundle_flags(self._entry, options, self._root),
            ),
            working_folder=self._root,
            rewrite=self._marked if marked else None,
        )
        built = await self._service.build(f"{self._entry.id} {name}", plan)
        if built.errors:
            errors = [_error(message) for message in built.errors]
            raise errors[0] if len(errors) == 1 else SeveralErrors(errors)
        _write(built.files)
        return Bundle(
            file=folder / f"{NAME}.mjs",
            code_bytes=_size(built.files, ".mjs"),
            map_bytes=_size(built.files, ".map"),
            metafile=msgspec.json.decode(built.metafile, type=Metafile),
        )

    def _marked(self, file: Path) -> bytes:
        text = file.read_bytes()
        head, separator, body = text.partition(b"\n") if text.startswith(b"#!") else (b"", b"", text)
        # On the file's own first line: places in the source stay what they are.
        name = json.dumps(os.path.relpath(file, self._root).replace(os.sep, "/")).encode()
        return b"%b%bglobalThis.__sundogBegin(%b);%b\n;globalThis.__sundogEnd(%b);" % (
            head,
            separator,
            name,
            body,
            name,
        )


def _error(message: BuildMessage) -> SundogError:
    where = None if message.file is None else Location(message.file, message.line, message.line_text)
    return build_error(message.text, where, message.column or 0, message.notes)


def _write(files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _size(files: Mapping[str, bytes], suffix: str) -> int:
    return sum(len(data) for name, data in files.items() if name.endswith(suffix))
