"""Imports a handler's module and reports where everything came from. Runs in the function's interpreter, Python 3.9 and later.

Nothing is imported before the handler that an interpreter has not imported anyway, because it would be missing from what
the handler costs. `sundog.live.coldstart.measure` starts it.
"""

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution

BEGIN, END = "sundog: the handler begins", "sundog: the handler ends"


def main(source: str, module: str, runtime_parent: str, report: str, packaging: "str | None") -> None:
    """Import the module and write the report; with what is packaged, as JSON, also the sizes of packages."""
    # Python has put this file's folder there; Lambda has the function's.
    sys.path[0] = source
    sys.path.append(runtime_parent)
    os.chdir(os.environ.get("LAMBDA_TASK_ROOT", source))
    sys.stdout.flush()
    sys.stderr.write(BEGIN + "\n")
    sys.stderr.flush()
    started = time.perf_counter()
    # As a statement would: the tree has no line for what `importlib.import_module` is called with.
    __import__(module)
    elapsed = (time.perf_counter() - started) * 1000
    sys.stderr.write(END + "\n")
    sys.stderr.flush()
    import json

    files = {name: getattr(found, "__file__", None) for name, found in list(sys.modules.items())}
    described: dict[str, object] = {"elapsed_ms": elapsed, "files": files, "distributions": []}
    if packaging is not None:
        told = json.loads(packaging)
        imported = {name.split(".")[0] for name in files}
        described["distributions"] = distributions(set(told["named"]), set(told["excluded"]), imported)
    with open(report, "w", encoding="utf-8") as stream:  # noqa: PTH123 - pathlib is not loaded here
        json.dump(described, stream)


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
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5] if len(sys.argv) > 5 else None)
