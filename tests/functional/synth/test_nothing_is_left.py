"""However a synth ends, no process and no folder of it stays."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="finds processes by their environment in /proc"
)

SESSION = """\
import sys
from pathlib import Path
import anyio
from sundog.deploy.synth.service import SynthService
from sundog.deploy.synth.validation import validate
from sundog.errors import SundogError
from sundog.model.manifest import Manifest
from sundog.model.project import find_project

async def service_state(service, waits):
    while (service._worker.prepared is not None) is not waits:
        await anyio.sleep(0.01)

async def main():
    project = find_project(Path(sys.argv[1]))
    async with SynthService(project, print).running() as service:
        stage = project.stage(None)
        if sys.argv[2] == "synth":
            try:
                await service.synth(stage, mode="dev", reason="start")
            except SundogError as error:
                print("failed", error, flush=True)
        elif sys.argv[2] == "rehearse":
            await service.synth(stage, mode="dev", reason="start")
            await service.get_ready(stage)
        elif sys.argv[2] == "validate":
            await validate(project, stage, project.root, Manifest(app="demo", stage="local"))
        elif sys.argv[2] == "prewarm":
            service.prewarm(stage)
            await anyio.sleep_forever()
    if sys.argv[2] == "node idle":
        async with SynthService(project, print, node_idle_seconds=0.5).running() as service:
            service.prewarm(stage)
            await service_state(service, waits=True)
            await service_state(service, waits=False)
            print("released", flush=True)
            while not (project.root / "edited").exists():
                await anyio.sleep(0.01)
            await service.edited([project.root / "functions" / "handler.py"])
            await service_state(service, waits=True)
            print("waits again", flush=True)
        return
    async with SynthService(project, print, idle_seconds=0.1).running() as service:
        service.prewarm(stage)
        for state, message in ((True, "loaded"), (False, "released")):
            while service._worker.is_alive is not state:
                await anyio.sleep(0.01)
            print(message, flush=True)
        await service.edited([project.app_file])
        while not service._worker.is_alive:
            await anyio.sleep(0.01)
        print("loaded again", flush=True)

anyio.run(main)
"""


def marked(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "environ").read_bytes() and (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until(condition, what: str, output: Path, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}; output:\n{output.read_text()}"
        threading.Event().wait(0.05)


class Session:
    def __init__(self, root: Path, action: str) -> None:
        self.mark = f"SYNTH_TEST_{uuid.uuid4().hex}"
        self.temporary = root.parent / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.output = root.parent / "output.txt"
        environ = {**os.environ, self.mark: "1", "TMPDIR": str(self.temporary)}
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SESSION, str(root), action], env=environ, stdout=output, stderr=output
            )

    def others(self) -> list[int]:
        return [pid for pid in marked(self.mark) if pid != self.process.pid]

    def wait_for_runner(self, file: Path) -> None:
        wait_until(file.exists, "the app did not start", self.output)

    def assert_gone(self) -> None:
        wait_until(lambda: not self.others(), f"processes are left: {self.others()}", self.output, seconds=15)


def kernels(session: Session) -> list[int]:
    return [pid for pid in session.others() if b"program.js" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture
def looping(tmp_path):
    """An app that says that it runs, has Node with it, and does not end."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.sundog]\nname = "demo"\n')
    (root / "app.py").write_text(
        "import aws_cdk\naws_cdk.App()\nopen('started', 'w').close()\nwhile True: pass\n"
    )
    return root


def test_a_killed_session_takes_its_synth_along(looping):
    session = Session(looping, "synth")
    session.wait_for_runner(looping / "started")
    assert len(session.others()) >= 3  # the worker, its runner, Node

    session.process.kill()
    session.process.wait()

    session.assert_gone()
    (left,) = session.temporary.glob("sundog-synth-*")
    next_session = Session(looping, "prewarm")
    wait_until(lambda: not left.exists(), "the folder of the killed session is left", next_session.output)
    next_session.process.kill()
    next_session.process.wait()
    next_session.assert_gone()


def test_an_interrupted_session_leaves_nothing(looping):
    session = Session(looping, "synth")
    session.wait_for_runner(looping / "started")

    session.process.send_signal(signal.SIGINT)
    session.process.wait(30)

    session.assert_gone()
    assert list(session.temporary.glob("sundog-synth-*")) == []
    assert not (looping / ".sundog/local/assembly.next").exists()


def test_a_killed_worker_is_replaced_and_its_runner_goes(looping):
    session = Session(looping, "synth")
    session.wait_for_runner(looping / "started")
    (looping / "started").unlink()
    groups = {pid: os.getpgid(pid) for pid in session.others()}
    worker = next(pid for pid in groups if os.getsid(pid) == pid)

    os.kill(worker, signal.SIGKILL)
    session.wait_for_runner(looping / "started")  # once more, from nothing

    assert not set(groups) & set(session.others())
    session.process.kill()
    session.process.wait()
    session.assert_gone()


def test_a_killed_node_is_told_or_replaced(looping):
    (looping / "app.py").write_text(
        "import os, signal, subprocess\nimport aws_cdk\napp = aws_cdk.App()\n"
        "from jsii._runtime import kernel\n"
        "os.kill(kernel.provider._process._process.pid, signal.SIGKILL)\n"
        "aws_cdk.Stack(app, 'x')\n"
    )
    session = Session(looping, "synth")

    session.process.wait(120)

    assert "failed" in session.output.read_text()
    session.assert_gone()


def test_a_killed_session_takes_the_waiting_spare_along(looping):
    session = Session(looping, "prewarm")
    wait_until(lambda: kernels(session), "Node did not start", session.output)

    session.process.kill()
    session.process.wait()

    session.assert_gone()


def test_a_killed_session_takes_a_check_along_that_cannot_look_at_it(looping):
    # No other thread of a process runs during a call into C; on a busy machine any such call takes long.
    (looping / "app.py").write_text(
        "from itertools import repeat\nopen('started', 'w').close()\nmax(repeat(0, 10**11))\n"
    )
    session = Session(looping, "validate")
    session.wait_for_runner(looping / "started")

    session.process.kill()
    session.process.wait()

    session.assert_gone()


def test_a_worker_whose_session_has_ended_before_it_began_loads_nothing():
    start = {"modules": ["aws_cdk"], "type_hints": [], "niceness": 0, "fork": True}
    reading, writing = os.pipe()
    os.write(writing, json.dumps(start).encode() + b"\n")
    os.close(writing)
    with os.fdopen(reading) as commands:
        done = subprocess.run(
            [sys.executable, "-m", "sundog.constructs.synth_worker"],
            stdin=commands,
            capture_output=True,
            timeout=120,
            check=False,
        )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_session_that_ends_takes_a_rehearsal_along(looping, end):
    (looping / "app.py").write_text(
        "import os, pathlib\nfrom sundog import App, Queue\napp = App()\n\n"
        "@app.stack\ndef storage(stack):\n    Queue(stack, 'jobs')\n\n"
        "rehearsed = os.getpid() != os.getpgrp()\n"
        "if rehearsed:\n    pathlib.Path('started').touch()\nwhile rehearsed: pass\napp.synth()\n"
    )
    session = Session(looping, "rehearse")
    session.wait_for_runner(looping / "started")
    assert len(session.others()) >= 4  # the worker, its runner, the rehearsal, Node

    session.process.send_signal(end)
    session.process.wait(30)

    session.assert_gone()
    if end == signal.SIGINT:
        assert list(session.temporary.glob("sundog-synth-*")) == []
        assert not (looping / ".sundog/local/assembly.next").exists()


def test_node_that_nobody_needs_is_ended_before_the_worker_and_comes_back_with_an_edit(looping):
    session = Session(looping, "node idle")
    wait_until(lambda: "released" in session.output.read_text(), "Node was not ended", session.output)

    assert kernels(session) == []
    assert len(session.others()) == 1  # the worker, with all that it has imported

    (looping / "edited").touch()
    wait_until(lambda: "waits again" in session.output.read_text(), "Node did not return", session.output)
    session.process.wait(30)
    session.assert_gone()


def test_a_worker_that_nobody_needs_is_ended_and_comes_back_with_an_edit(looping):
    (looping / "app.py").write_text("import aws_cdk\n")
    session = Session(looping, "idle")
    wait_until(lambda: "released" in session.output.read_text(), "it was not ended", session.output)

    wait_until(lambda: "loaded again" in session.output.read_text(), "it did not come back", session.output)

    session.process.kill()
    session.process.wait()
    session.assert_gone()
