"""A process that waits to become an execution environment."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from . import marshal, output, platform
from .preload import preload
from .runtime import Runtime
from .sdk_data import SdkData
from .sources import SourceRecord


def main(arguments: list[str]) -> None:
    """Wait in a fresh interpreter (start method `spawn`): `spare CONTROL_FD OPTIONS`."""
    options = json.loads(arguments[1])
    library = platform.native_library()
    platform.die_with_parent(library, options["parent"])
    baseline = set(sys.modules)
    sdk_data = SdkData()
    preload(options["modules"], sdk_data, options["sdk_files"])
    become_environment(socket.socket(fileno=int(arguments[0])), options, baseline, library, sdk_data)()


def become_environment(
    control: socket.socket, options: dict[str, Any], baseline: set[str], library: Any, sdk_data: SdkData
) -> Callable[[], None]:
    """Wait for an assignment, put this process into its state, and return what is to be run then."""
    record = SourceRecord(options["root"])
    record.install()
    output.open_streams()
    baseline = baseline.union(sys.modules)
    sdk_data.install()
    runtime = Runtime(
        record=record,
        baseline=baseline,
        flush_native=platform.native_flush(library),
        sdk_files=sdk_data.read,
    )
    rehearse(runtime)
    message, descriptors = _receive(control)
    control.close()
    for target, descriptor in zip((1, 2), descriptors):  # noqa: B905 - strict came with Python 3.10
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(message["environ"])
    time.tzset()
    source, handler = message["source"], message["handler"]
    _forget_shadowed(source, options["modules"])
    _reseed()
    if options.get("runtime_package"):
        sys.meta_path.append(_RuntimePackageFinder(options["runtime_package"]))
    sys.path.extend(part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part)
    sys.argv = [os.path.join(source, handler)]
    prelude = options.get("prelude")

    def run() -> None:
        if prelude:
            _run_prelude(prelude)
        runtime.run(source, handler)

    return run


def rehearse(runtime: Runtime) -> None:
    """Do once, for nothing, what an assignment will do.

    A fork shares its memory with the zygote until it is written to, and Python writes to whatever it looks at. The
    copies made now need not be made between an edit and its first request.
    """
    code = compile(
        "import json\ndef handler(event, context):\n    return {'a': [event, 1.5]}\n", "rehearsal", "exec"
    )
    names: dict[str, Any] = {"__name__": "rehearsal"}
    exec(code, names)  # noqa: S102 - the line above
    marshal.result_of(names["handler"]({}, None))
    runtime.rehearse()
    for name, value in list(os.environ.items()):
        os.environ[name] = value
    time.tzset()


def reset_signals() -> None:
    """Undo what the supervisor did with signals, after a fork."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    data, descriptors, _, _ = socket.recv_fds(control, 65536, 2)
    if not data:
        # The session gave up this spare, or is gone.
        os._exit(0)
    (length,) = struct.unpack("!I", data[:4])
    while len(data) < 4 + length:
        more = control.recv(65536)
        if not more:
            os._exit(0)
        data += more
    return json.loads(data[4:]), list(descriptors)


def _forget_shadowed(source: str, preloaded: list[str]) -> None:
    # The project's folder comes first in sys.path: its own module wins over an installed one of the same name.
    own = {entry.partition(".")[0] for entry in os.listdir(source) if _is_importable(source, entry)}
    shadowed = own.intersection(name.partition(".")[0] for name in preloaded)
    for name in [name for name in sys.modules if name.partition(".")[0] in shadowed]:
        del sys.modules[name]


def _is_importable(folder: str, entry: str) -> bool:
    # `coverage.json` is no module, and a folder without `__init__.py` gives way to an installed package.
    if entry.endswith((".py", *importlib.machinery.EXTENSION_SUFFIXES)):
        return True
    return "." not in entry and os.path.isfile(os.path.join(folder, entry, "__init__.py"))


def _reseed() -> None:
    # Python's own generator is reseeded after a fork; numpy's is not, and every worker would draw the same numbers.
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _run_prelude(path: str) -> None:
    spec = importlib.util.spec_from_file_location("_sundog_prelude", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_sundog_prelude"] = module
    spec.loader.exec_module(module)


class _RuntimePackageFinder:
    """Finds `sundog_runtime` for an interpreter that does not have it installed."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find the package itself; its modules are found through it."""
        del path
        if name != "sundog_runtime":
            return None
        return importlib.machinery.PathFinder.find_spec(name, [os.path.dirname(self._folder)], target)
