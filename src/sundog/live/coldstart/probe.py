"""Imports a handler's module and reports where everything came from. Runs in the function's interpreter, Python 3.9 and later.

Before the handler is imported what Lambda's runtime has imported by then, and nothing else, because that would be missing from
what the handler costs. `sundog.live.coldstart.measure` starts it.
"""

import builtins

# What https://github.com/aws/aws-lambda-python-runtime-interface-client imports before it imports a handler.
import decimal  # noqa: F401
import enum  # noqa: F401
import importlib  # noqa: F401
import json
import logging  # noqa: F401
import math  # noqa: F401
import os
import sys
import time
import traceback  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.metadata import Distribution
    from types import ModuleType

BEGIN, END = "sundog: the handler begins", "sundog: the handler ends"


def main(source: str, module: str, runtime_parent: str, report: str, told: str = "{}") -> None:
    """Import the module and write the report.

    Args:
        source: The function's source folder.
        module: The handler's.
        runtime_parent: The folder that has `sundog_runtime`.
        report: The file to write.
        told: As JSON, with `named` and `excluded` packages to measure those that are packaged, with `follow` to note each
            import of a module, not only the first.
    """
    asked = json.loads(told)
    # Python has put this file's folder there; Lambda has the function's.
    sys.path[0] = source
    sys.path.append(runtime_parent)
    os.chdir(os.environ.get("LAMBDA_TASK_ROOT", source))
    sys.stdout.flush()
    imports = followed() if asked.get("follow") else {}
    sys.stderr.write(BEGIN + "\n")
    sys.stderr.flush()
    started = time.perf_counter()
    # As a statement would: the tree has no line for what `importlib.import_module` is called with.
    __import__(module)
    elapsed = (time.perf_counter() - started) * 1000
    sys.stderr.write(END + "\n")
    sys.stderr.flush()
    files = {name: getattr(found, "__file__", None) for name, found in list(sys.modules.items())}
    described: dict[str, object] = {"elapsed_ms": elapsed, "files": files, "distributions": []}
    described["imports"] = {name: sorted(names) for name, names in imports.items()}
    if "named" in asked:
        imported = {name.split(".")[0] for name in files}
        described["distributions"] = distributions(set(asked["named"]), set(asked["excluded"]), imported)
    with open(report, "w", encoding="utf-8") as stream:  # noqa: PTH123 - pathlib is not loaded here
        json.dump(described, stream)


def followed() -> "dict[str, set[str]]":
    """Note from now on which modules each module imports, whether they were loaded before or not."""
    found: dict[str, set[str]] = {}
    plain = builtins.__import__

    def follow(
        name: str,
        globals: "Mapping[str, object] | None" = None,  # noqa: A002 - Python's own names
        locals: "Mapping[str, object] | None" = None,  # noqa: A002 - as above
        fromlist: "Sequence[str] | None" = (),
        level: int = 0,
    ) -> "ModuleType":
        module = plain(name, globals, locals, fromlist, level)
        importer = globals or {}
        base = str(importer.get("__package__") or "").rsplit(".", level - 1)[0] if level else ""
        whole = ".".join(part for part in (base, name) if part)
        parts = whole.split(".")
        names = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
        names |= {f"{whole}.{one}" for one in fromlist or () if f"{whole}.{one}" in sys.modules}
        found.setdefault(str(importer.get("__name__", "")), set()).update(names)
        return module

    builtins.__import__ = follow
    return found


def distributions(named: "set[str]", excluded: "set[str]", imported: "set[str]") -> "list[dict[str, object]]":
    """Return the installed packages that are packaged or that something was imported from, with their sizes."""
    from importlib.metadata import distributions as installed

    found = {normalized(one.metadata["Name"] or ""): one for one in installed()}
    packaged = with_dependencies(named, excluded, found)
    described = []
    for name, one in found.items():
        files = one.files or []
        tops = {file.parts[0] for file in files if file.parts and file.parts[0] != ".."}
        modules = {top[:-3] if top.endswith(".py") else top.split(".")[0] for top in tops} & imported
        if modules or name in packaged:
            size = size_of(one, files) if name in packaged else 0
            described.append({"name": name, "modules": sorted(modules), "bytes": size})
    return described


def with_dependencies(
    named: "set[str]", excluded: "set[str]", found: "dict[str, Distribution]"
) -> "set[str]":
    """Return the packages that are packaged: those that are named, and what they need."""
    packaged: set[str] = set()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        if name in packaged or name in excluded or name not in found:
            continue
        packaged.add(name)
        waiting += [normalized(line) for line in found[name].requires or [] if "extra ==" not in line]
    return packaged


def normalized(requirement: str) -> str:
    """Return the package name that a requirement begins with, as it is compared."""
    import re

    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match else ""


def size_of(distribution: "Distribution", files: "Iterable[object]") -> int:
    """Return the bytes of a package's files, without bytecode, which is not packaged."""
    total = 0
    for file in files:
        path = str(distribution.locate_file(file))  # type: ignore[arg-type]
        if not path.endswith(".pyc") and os.path.exists(path):  # noqa: PTH110 - as above
            total += os.path.getsize(path)  # noqa: PTH202 - as above
    return total


if __name__ == "__main__":
    main(*sys.argv[1:])
