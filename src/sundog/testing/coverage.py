"""Coverage of handlers: a test run that is measured has its workers measured too.

`coverage run -m pytest` and `pytest --cov` both make a `Coverage` object in the test's process. Workers write data files
beside its own, which `coverage combine` and pytest-cov add up.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

_PRELUDE = Path(__file__).with_name("coverage_prelude.py")
_OPTIONS = ("branch", "source", "source_pkgs", "include", "omit", "relative_files", "core", "context")
_QUIET = ["no-data-collected", "module-not-measured", "module-not-imported", "couldnt-parse"]
"""A worker runs one function's code: that it does not run the rest is nothing to warn of."""


def coverage_prelude(folder: Path) -> Path | None:
    """Write what lets workers measure coverage as this process does; None when it does not.

    Args:
        folder: Where to write it.
    """
    module = sys.modules.get("coverage")
    current = module.Coverage.current() if module is not None else None
    if current is None:
        return None
    options = {f"run:{name}": current.get_option(f"run:{name}") for name in _OPTIONS}
    # Workers run in the folder of their handlers.
    options["run:source"] = [_absolute(entry) for entry in current.get_option("run:source") or []] or None
    options["run:disable_warnings"] = _QUIET
    data_file = Path(str(current.get_option("run:data_file"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "data_file": str(data_file),
        "options": {name: value for name, value in options.items() if value is not None},
    }
    (folder / "coverage.json").write_text(json.dumps(settings), "utf-8")
    return Path(shutil.copyfile(_PRELUDE, folder / "prelude.py"))


def _absolute(entry: str) -> str:
    # An entry of `source` is a folder or the name of a package.
    return str(Path(entry).resolve()) if Path(entry).is_dir() else entry
