"""The plugin of pytest: fixtures, the options, and what handlers wrote in the report of a failed test.

Loaded by every pytest in whose environment sundog is installed: only what is asked for is imported.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sundog.testing.app import AppUnderTest

_APP = pytest.StashKey["AppUnderTest"]()
_MARK = pytest.StashKey[int]()
_SHOWN_LINES = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addini(
        "sundog_project", "folder of the sundog app to test, relative to pytest's root", default="."
    )
    group = parser.getgroup("sundog", "serverless apps on the embedded cloud")
    group.addoption(
        "--sundog-debug",
        action="store_true",
        help="let an editor attach to handlers, as `sundog dev --debug` does; the tests wait for it",
    )
    group.addoption(
        "--sundog-debug-port",
        type=int,
        metavar="PORT",
        help="port for the editor, with --sundog-debug; 9310 when not given",
    )
    group.addoption(
        "--sundog-debug-wait",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="with --sundog-debug: how long the tests wait for an editor; 0 for not at all; 60 when not given",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be: an editor finds one process by the port."""
    if _debugs(config) and (config.getoption("numprocesses", None) or hasattr(config, "workerinput")):
        raise pytest.UsageError(
            "--sundog-debug debugs the app of one test process, and pytest-xdist starts several; add `-n 0`"
        )


@pytest.fixture(scope="session")
def sundog_app(request: pytest.FixtureRequest) -> Iterator[AppUnderTest]:
    """The app of this project, deployed on an embedded cloud of its own and served from its sources.

    It starts when the first test asks for it and ends with the test run. While it runs, `sundog_runtime.resources` works
    in tests as in a function to which everything is bound, and AWS clients of boto3 reach the embedded cloud only.
    """
    from sundog.errors import SundogError
    from sundog.testing.starting import Debugging, running_app

    folder = Path(request.config.rootpath, request.config.getini("sundog_project"))
    debugging = None
    if _debugs(request.config):
        debugging = Debugging(
            port=request.config.getoption("--sundog-debug-port"),
            wait_seconds=request.config.getoption("--sundog-debug-wait"),
        )
    with contextlib.ExitStack() as running:
        try:
            with _progress(request.config) as progress:
                app = running.enter_context(running_app(folder, debugging=debugging, progress=progress))
        except SundogError as error:
            pytest.fail(error.as_text(), pytrace=False)
        environment = running.enter_context(pytest.MonkeyPatch.context())
        for name in _OF_OTHER_ACCOUNTS:
            environment.delenv(name, raising=False)
        for name, value in app.environment().items():
            environment.setenv(name, value)
        request.session.stash[_APP] = app
        yield app
        del request.session.stash[_APP]


@pytest.fixture
def fresh_sundog_app(sundog_app: AppUnderTest) -> AppUnderTest:
    """The same app with its data deleted: no items, objects, messages or users of earlier tests."""
    sundog_app.reset()
    return sundog_app


_OF_OTHER_ACCOUNTS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
"""Variables that would lead a test to a real account."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note where the test begins."""
    app = item.session.stash.get(_APP, None)
    if app is not None:
        item.stash[_MARK] = app.mark()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what functions did during a test that failed, and to an error of sundog why it is one and what to do."""
    if call.excinfo is not None:
        _explain(call.excinfo.value)
    report = yield
    app = item.session.stash.get(_APP, None)
    if app is not None and report.failed:
        lines = app.story(since=item.stash.get(_MARK, 0))
        if lines:
            report.sections.append(("functions during the test", "\n".join(lines[-_SHOWN_LINES:])))
    return report


def _explain(error: BaseException) -> None:
    # Loaded when such an error was raised.
    errors = sys.modules.get("sundog.errors")
    if errors is not None and isinstance(error, errors.SundogError):
        if error.where is not None:
            error.add_note(f"where: {error.where}")
        for line in error.as_text().splitlines()[1:]:
            error.add_note(line)


def _debugs(config: pytest.Config) -> bool:
    return bool(config.getoption("--sundog-debug")) or config.getoption("--sundog-debug-port") is not None


@contextlib.contextmanager
def _progress(config: pytest.Config) -> Iterator[Callable[[str], None]]:
    """Give what shows a line at once, for the length of a block in which this thread only waits.

    The first start on a machine installs the embedded cloud; a run to be debugged says where editors attach.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    shows = True

    def tell(text: str) -> None:
        if reporter is None or not shows:
            return
        # What the reporter writes while a fixture is set up would be captured as the test's own output.
        with capture.global_and_fixture_disabled() if capture is not None else contextlib.nullcontext():
            reporter.write_line(f"sundog: {text}")

    yield tell
    # Later the thread of the tests switches the capture of its output on and off; another must not meddle.
    shows = False
