"""Start of the synth worker: `python -m sundog.constructs.synth_worker`, or this file by its path.

The protocol is JSON lines. The parent writes what to load, then `{"prepare": …}`, perhaps `{"rehearse": …}`, then
`{"run": …}` or `{"cancel": true}`; the worker answers `loaded`, `ready`, `rehearsed`, `finished`, `shadowed`, `failed`,
`died` or `cancelled`. The result itself is left in the channel's `result.json`.
"""

from __future__ import annotations

import sys


def _run() -> int:
    from pathlib import Path
    from types import ModuleType

    import sundog

    # `sundog.constructs` may import the CDK, which would start Node here. The worker's own modules are imported below
    # a stand-in; the app imports the real package.
    stand_in = ModuleType("sundog.constructs")
    stand_in.__path__ = [str(Path(__file__).parents[1])]
    sys.modules["sundog.constructs"] = stand_in
    from sundog.constructs.synth_worker.zygote import main

    del sys.modules["sundog.constructs"]
    vars(sundog).pop("constructs", None)
    return main()


if __name__ == "__main__":
    sys.exit(_run())
