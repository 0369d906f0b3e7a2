"""Start of the supervisor: `python -I start.py CONTROL_FD OPTIONS`.

The folder is loaded under a name that no user's module has, and neither it nor its modules can be imported by the
user's code through `sys.path`.
"""

from __future__ import annotations

import importlib.util
import os
import sys

PACKAGE = "_sundog_worker"


def load_package() -> None:
    """Make this folder importable as the package `_sundog_worker`."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    load_package()
    from importlib import import_module

    import_module(PACKAGE + "." + sys.argv[1]).main(sys.argv[2:])
