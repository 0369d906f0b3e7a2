"""Imports the CDK before it is needed, without starting its Node process, and hides it until the app asks for it.

Importing `aws_cdk` loads its assemblies into the jsii kernel, which starts Node. Here the kernel only notes what it was
asked to load; a process that is about to run an app replays that into a kernel of its own. That lets many processes
be forked from one that has imported everything once.

The imported modules are then taken out of `sys.modules`. The app's own `import aws_cdk` puts them back, at once, and
that is the moment at which a cold start would have started Node, with the environment and the folder of that moment.
"""

from __future__ import annotations

import atexit
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Load = tuple[str, str, str]
"""Name, version and file of a jsii assembly."""

_WORKER = "sundog.constructs.synth_worker"


class DeferredKernel:
    """Stands in for the loading of assemblies until a real kernel is attached."""

    def __init__(self) -> None:
        import jsii._runtime

        self.loads: list[Load] = []
        kernel: Any = jsii._runtime.kernel
        kernel.load = self._note
        self.kernel = kernel

    def _note(self, name: str, version: str, tarball: str) -> None:
        self.loads.append((name, version, tarball))

    def attach(self) -> None:
        """Start the kernel's Node process in this process's environment and load the assemblies."""
        del self.kernel.load
        self._load()

    def restart(self) -> None:
        """Replace a Node process that has served nothing yet by one with the environment of now."""
        provider = self.kernel.provider
        provider._process.stop()
        self.kernel.provider = type(provider)()
        self._load()

    def _load(self) -> None:
        process = self.kernel.provider._process
        # The parent ends the whole process group; a graceful end at exit would only take time.
        atexit.unregister(process.stop)
        for load in self.loads:
            self.kernel.load(*load)


def import_ahead(names: Iterable[str]) -> list[str]:
    """Import modules that exist; return the names of those that do not import any more."""
    failed = []
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001 - whatever a module raises, the app's own import will show it
            failed.append(name)
    return failed


def resolve_type_hints_ahead(stubs: Iterable[str]) -> None:
    """Resolve what jsii resolves once per process: the type hints of the calls that the last app made.

    jsii keeps them for the life of the process, because a stub's annotations never change.
    """
    checking: Any = importlib.import_module("jsii._type_checking")
    if not hasattr(checking, "_resolve_check") or not hasattr(checking, "_type_hints_cache"):
        return  # another version of jsii
    checking._resolve_check()
    for stub in stubs:
        module, _, name = stub.partition(":")
        published = sys.modules.get(module)
        function = getattr(getattr(published, "_private", published), name, None)
        if function is not None:
            checking.cached_type_hints(function)


def resolved_type_hints() -> list[str]:
    """Return the stubs whose type hints are resolved now."""
    checking: Any = sys.modules.get("jsii._type_checking")
    cache = getattr(checking, "_type_hints_cache", {})
    return sorted(f"{stub.__module__}:{stub.__qualname__}" for stub in list(cache))


def imported_for_cdk() -> list[str]:
    """Return the loaded modules that belong to jsii packages or to sundog's constructs."""
    packages = {name.partition(".")[0] for name in sys.modules if name.endswith("._jsii")} | {"jsii"}
    return sorted(
        name
        for name in list(sys.modules)
        if name.partition(".")[0] in packages or name == "sundog.constructs" or _is_construct(name)
    )


def imported_for_app() -> list[str]:
    """Return the loaded modules that the next run will import again: those for the CDK, and sundog's own below them."""
    own = [name for name in list(sys.modules) if name.startswith("sundog.") and not name.startswith(_WORKER)]
    return sorted({*imported_for_cdk(), *own})


def _is_construct(name: str) -> bool:
    return name.startswith("sundog.constructs.") and not name.startswith(_WORKER)


class HiddenModules:
    """Modules taken out of `sys.modules`, and the finder that puts them back when one of them is imported."""

    def __init__(self, on_restore: Callable[[], None]) -> None:
        """Hide what was imported for the CDK.

        Args:
            on_restore: Called once, before the first of them is handed to the app.
        """
        self._on_restore = on_restore
        self.modules: dict[str, ModuleType] = {name: sys.modules.pop(name) for name in imported_for_cdk()}
        constructs = self.modules.get("sundog.constructs")
        if constructs is not None:
            vars(sys.modules["sundog"]).pop("constructs", None)
        sys.meta_path.insert(0, self)

    def forget(self) -> None:
        """Do not put them back: the app imports its own."""
        self.modules = {}

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Put all modules back when one of them is imported for the first time."""
        module = self.modules.get(fullname)
        if module is None:
            return None
        self._on_restore()
        spec = module.__spec__
        # All but the one that is asked for: the machinery would load a module again that appears while it is looked for.
        for name, hidden in self.modules.items():
            if name != fullname:
                sys.modules[name] = hidden
        parent = sys.modules.get("sundog")
        if parent is not None and "sundog.constructs" in self.modules:
            parent.constructs = self.modules["sundog.constructs"]  # type: ignore[attr-defined]
        self.modules = {}
        return ModuleSpec(fullname, _Existing(module, spec), is_package=hasattr(module, "__path__"))


class _Existing(Loader):
    """A loader whose module is there already."""

    def __init__(self, module: ModuleType, spec: ModuleSpec | None) -> None:
        self._module = module
        self._spec = spec

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec
