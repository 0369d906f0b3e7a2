"""Breakpoints in the handlers that a user's tests call: `pytest --sundog-debug`, attached to as an editor does."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

APP = """
    from sundog import App, Function

    app = App()


    @app.stack
    def backend(stack):
        Function(stack, "total", handler="functions/prices.total", timeout=1)
        Function(stack, "badge", handler="functions/badge.handler", timeout=1)


    app.synth()
"""

PRICES = """\
def total(event, context):
    price = sum(event["prices"])
    return {"total": price}
"""

BADGE = """\
export const handler = async (event: { label: string }) => {
  const badge = `[${event.label}]`;
  return { badge };
};
"""

TESTS = """
    def test_total(sundog_app):
        assert sundog_app.invoke("total", {"prices": [1, 2]}) == {"total": 3}


    def test_badge(sundog_app):
        assert sundog_app.invoke("badge", {"label": "new"}) == {"badge": "[new]"}
"""

PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def priced(make_project):
    project = make_project()
    project.write("app.py", APP)
    project.write("functions/prices.py", PRICES)
    project.write("functions/badge.ts", BADGE)
    project.write("tests/test_priced.py", TESTS)
    return project


class TestRun:
    """A `pytest` of a user that runs, and what it has printed."""

    __test__ = False

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while data := await self.process.stdout.read(65536):
            async with self._news:
                self.output += data.decode()
                self._news.notify_all()

    async def said(self, pattern: str) -> re.Match[str]:
        """Wait until it has printed something."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._news:
                await self._news.wait_for(lambda: re.search(pattern, self.output))
        except TimeoutError:
            raise AssertionError(f"it never said {pattern!r}:\n{self.output}") from None
        found = re.search(pattern, self.output)
        assert found
        return found

    async def port(self) -> int:
        """Where it lets editors attach, as soon as it waits for one."""
        await self.said("sundog: the tests begin when an editor has attached")
        return int((await self.said(r"sundog: Debugger listens on 127\.0\.0\.1:(\d+)"))[1])

    async def end(self) -> int:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reading
            return await self.process.wait()


@pytest.fixture
def debug(priced) -> Callable[..., None]:
    """Runs the tests of the project with `--sundog-debug`, and an async body with the run."""

    def run(body: Callable[[TestRun], Awaitable[None]], *options: str, **variables: str) -> None:
        async def main() -> None:
            process = await asyncio.create_subprocess_exec(
                *priced.command("pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-v"),
                *("--sundog-debug", "--sundog-debug-port", "0", *options),
                cwd=priced.root,
                env=priced.environ | variables,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            test_run = TestRun(process)
            try:
                await body(test_run)
            finally:
                if process.returncode is None:
                    process.terminate()
                    await test_run.end()

        asyncio.run(main())

    return run


def test_the_test_waits_while_its_handler_stands_at_a_breakpoint(debug, priced, python_editor):
    async def body(run: TestRun) -> None:
        async with python_editor(await run.port(), {priced.root / "functions/prices.py": [3]}) as editor:
            stop = await editor.stopped()
            place, variables = await stop.place(), await stop.variables()
            # Longer than the function's timeout, which does not count meanwhile.
            ended, _ = await asyncio.wait({asyncio.create_task(run.end())}, timeout=1.5)
            seen = run.output
            await stop.proceed()
            code = await run.end()

        assert (place, variables["price"]) == (("prices.py", 3), "3")
        assert ended == set()
        assert "test_total" in seen
        assert "PASSED" not in seen
        assert code == 0, run.output
        assert "1 passed" in run.output
        assert "sundog: an editor attached to Python handlers" in run.output

    debug(body, "-k", "total")


def test_a_typescript_handler_stops_as_well(debug, priced, node_editor):
    async def body(run: TestRun) -> None:
        async with node_editor(await run.port(), {priced.root / "functions/badge.ts": [3]}) as editor:
            session, frame = await editor.paused()
            badge = await editor.local(session, frame, "badge")
            seen = run.output
            await editor.call("Debugger.resume", session=session)
            code = await run.end()

        assert badge == "[new]"
        assert "test_badge" in seen
        assert "PASSED" not in seen
        assert code == 0, run.output
        assert "1 passed" in run.output

    debug(body, "-k", "badge")


def test_the_tests_wait_for_an_editor_that_attaches_to_one_language_after_the_other(
    debug, priced, python_editor, node_editor
):
    async def body(run: TestRun) -> None:
        port = await run.port()
        async with python_editor(port, {}):
            await run.said("sundog: an editor attached to Python handlers")
            async with node_editor(port, {priced.root / "functions/badge.ts": [2]}) as editor:
                session, _ = await editor.paused()
                seen = run.output
                await editor.call("Debugger.resume", session=session)
                code = await run.end()

        assert "PASSED" not in seen
        assert code == 0, run.output
        assert "1 passed" in run.output

    debug(body, "-k", "badge")


def test_tests_run_when_no_editor_has_come_and_measure_no_handlers(debug):
    async def body(run: TestRun) -> None:
        assert await run.end() == 0, run.output
        assert "sundog: handlers are not measured: a process has one tracer" in run.output
        assert "the tests begin when an editor has attached, or after 0.1 s" in run.output
        assert "no editor has attached: the tests run, and one may still attach" in run.output
        assert "2 passed" in run.output

    debug(body, "--sundog-debug-wait", "0.1", "--cov=functions")


def test_a_taken_port_is_told_with_the_option_that_sets_another(priced):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = priced.pytest("--sundog-debug-port", str(port))

    assert done.returncode == 1
    assert f"the port `{port}` for debuggers is taken" in done.stdout, done.stdout
    assert f"pytest --sundog-debug-port {port + 1}" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_broken_debugpy_is_told_and_the_tests_run(debug, python_editor, tmp_path: Path):
    (tmp_path / "debugpy.py").write_text("raise ModuleNotFoundError('No module named debugpy')\n")

    async def body(run: TestRun) -> None:
        with pytest.raises(AssertionError, match="the session closed"):
            await python_editor(await run.port()).__aenter__()
        code = await run.end()

        assert (
            "sundog: debugpy's adapter did not start: ModuleNotFoundError: No module named debugpy"
            in run.output
        )
        assert "fix: run `uv sync` to repair the installation of debugpy" in run.output
        assert (code, "2 passed" in run.output) == (0, True), run.output

    debug(body, "--sundog-debug-wait", "5", PYTHONPATH=str(tmp_path))


def test_several_processes_of_tests_are_refused(priced):
    done = priced.pytest("--sundog-debug", "-n", "2")

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.strip() == (
        "ERROR: --sundog-debug debugs the app of one test process, and pytest-xdist starts several; add `-n 0`"
    )
