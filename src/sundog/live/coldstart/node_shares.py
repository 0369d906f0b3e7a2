"""Whom the modules of a bundled Node handler belong to, and what to do about an import."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from sundog.bundle.node_runtime import PACKAGE as RUNTIME
from sundog.bundle.node_runtime import node_runtime_folder
from sundog.live.coldstart.node_bundle import Bundle, InputImport
from sundog.live.coldstart.node_measure import LOADING, module_names
from sundog.live.coldstart.shares import PROJECT

NODE = "Node.js"
SOURCE_MAP = "source map"
_FOLDER = "node_modules/"
_PACKAGE = re.compile(r"(?:@[^/]+/)?[^/]+")
_CLIENT = re.compile(r"@aws-sdk/(?:client|lib)-")
_LARGE_BYTES = 50_000


class NodeAttribution:
    """Implements `sundog.live.coldstart.shares.Attribution`."""

    def __init__(self, bundle: Bundle, root: Path) -> None:
        """Take what is known of modules.

        Args:
            bundle: As it is deployed.
            root: The project's folder, links resolved.
        """
        self._metafile = bundle.metafile
        self._root = root
        self._runtime = node_runtime_folder().resolve()
        self._bytes: Counter[str] = Counter()
        for module, share in bundle.output.inputs.items():
            self._bytes[self.owner(module)] += share.bytes
        if bundle.map_bytes:
            self._bytes[SOURCE_MAP] = bundle.map_bytes

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes in the package by owner; nothing for what is outside of the bundle."""
        return dict(self._bytes)

    def owner(self, module: str) -> str:
        """Return a package's name, `your code` or `Node.js`."""
        if module == LOADING or module.startswith("node:"):
            return NODE
        _, separator, within = module.rpartition(_FOLDER)
        if separator:
            found = _PACKAGE.match(within)
            return found[0] if found else within
        return RUNTIME if (self._root / module).resolve().is_relative_to(self._runtime) else PROJECT

    def is_project(self, module: str) -> bool:
        """Tell whether a module is a file of the project's own."""
        return self.owner(module) == PROJECT

    def package(self, module: str) -> str:
        """Return the name of a module's package."""
        return module if module.startswith("node:") else self.owner(module)

    def place(self, importer: str, package: str) -> tuple[str, int | None]:
        """Return the importer's file, and the first line with a name of what it imports of a package."""
        names = [one.original or one.path for one in self._imports(importer) if self._is_of(one, package)]
        quoted = [f"{quote}{name}{quote}" for name in names for quote in ("'", '"')]
        lines = (self._root / importer).read_text("utf-8", "replace").splitlines()
        found = (number for number, line in enumerate(lines, 1) if any(name in line for name in quoted))
        return importer, next(found, None)

    def advice(self, package: str) -> str:
        """Return what to change about the import of a package."""
        if package == "aws-sdk":
            return (
                "`aws-sdk` is version 2 and is bundled whole, because Lambda has version 3 only: "
                "import the one client, such as `@aws-sdk/client-s3`, which Lambda brings"
            )
        if _CLIENT.match(package):
            return (
                f"take the client from `resources` of `{RUNTIME}`, which loads `{package}` at its first use; "
                "or import it in the function that needs it"
            )
        if self._bytes[package] > _LARGE_BYTES and self._is_common_js(package):
            return (
                f"`{package}` is CommonJS, of which esbuild can leave nothing out: import the one file that you need, "
                "or a package of ECMAScript modules; or import it in the function that needs it"
            )
        return f'write `await import("{package}")` in the function that needs it, unless every request does'

    def _imports(self, module: str) -> list[InputImport]:
        found = self._metafile.inputs.get(module)
        return found.imports if found else []

    def _is_of(self, imported: InputImport, package: str) -> bool:
        return any(self.package(name) == package for name in module_names(imported))

    def _is_common_js(self, package: str) -> bool:
        formats = {one.format for name, one in self._metafile.inputs.items() if self.owner(name) == package}
        return formats == {"cjs"}
