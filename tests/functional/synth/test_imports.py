"""What every synth worker imports ahead must not start Node: all synths would then share one process."""

import subprocess
import sys

PROGRAM = """\
import importlib, pkgutil
from jsii._kernel.providers.process import _NodeProcess
from jsii._runtime import kernel

def start(self):
    raise SystemExit("Node was started")

kernel.load = lambda name, version, tarball: None  # as in the worker, which loads assemblies later
_NodeProcess.start = start
_NodeProcess.stop = lambda self: None
import sundog.constructs

for module in pkgutil.iter_modules(sundog.constructs.__path__, "sundog.constructs."):
    if not module.ispkg:
        importlib.import_module(module.name)
"""


def test_importing_the_constructs_starts_no_node_process() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
