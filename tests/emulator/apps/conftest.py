"""Apps as a user writes them: synthesized, deployed on one embedded cloud per pytest worker, their functions run live.

The tests stand on `sundog.testing`, as a user's would. A module deploys its app once, and its tests share it. The app is
a folder with an `app.py`::

    @pytest.fixture(scope="module")
    def app(start_app):
        with start_app(Path(__file__).parent / "notes") as running:
            yield running

or, when it is small, a text::

    APP = '''
        from sundog import App, Queue

        app = App()

        @app.stack
        def backend(stack):
            Queue(stack, "orders", consumer="functions/orders.take")

        app.synth()
    '''

    @pytest.fixture(scope="module")
    def app(deploy_app):
        return deploy_app(APP, {"functions/orders.py": "def take(event, context):\n    return len(event['Records'])"})

    def test_a_message_reaches_the_consumer(app):
        mark = app.mark()
        app.aws("sqs").send_message(QueueUrl=app.physical_id("orders"), MessageBody="one")
        (seen,) = app.wait_for("take", where=lambda one: one.ok, since=mark)
        assert seen.event["Records"][0]["body"] == "one"

    def test_an_update(app):                       # changes what the module shares: undo it, or let nothing depend on it
        app.edit("app.py", "…", "…")               # a handler's edit alone needs no deploy
        app.deploy()

What a function was given is read from the session's own events, so an event that never reached it cannot be seen. An app
costs about half a second to synthesize (the CDK is loaded once per worker) and its deploy.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import textwrap
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from sundog.aws.embedded.cloud import EmbeddedCloud
from sundog.model.events import SiteOutput, UploadFinished
from sundog.model.project import Stage, find_project
from sundog.testing import AppUnderTest, SeenInvocation
from sundog.testing.host import TestHost, running_host

REGION = "eu-west-1"
DOCS = Path(__file__).parents[3] / "docs" / "constructs"
_BLOCK = re.compile(r"^```(?:python|typescript)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:#|//) ([\w./-]+\.\w+)\n")


class RunningApp(AppUnderTest):
    """What `sundog.testing` offers, by shorter names."""

    def aws(self, service: str) -> Any:
        """Return a client for the app's cloud."""
        return self.client(service)

    @property
    def uploads(self) -> list[UploadFinished | SiteOutput]:
        """What has become of the files of sites and buckets, and what their builds said."""
        return self._log.uploads

    def physical_name(self, name: str) -> str:
        """Return what a function is called in the cloud."""
        return self.function(name).physical_name

    def seen(self, function: str, *, since: int = 0) -> list[SeenInvocation]:
        """Return the events that a function was given and has ended with, oldest first."""
        return [one for one in self.invocations(function, since=since) if one.finished]

    def wait_for(
        self,
        function: str,
        *,
        where: Callable[[SeenInvocation], object] | None = None,
        count: int = 1,
        since: int = 0,
        seconds: float = 30,
    ) -> list[SeenInvocation]:
        """Wait until a function has ended with so many events that meet a condition; return all that do."""
        return self.wait_for_invocations(function, where, count=count, since=since, timeout=seconds)

    @contextlib.contextmanager
    def updated(self, changes: Mapping[str, str]) -> Iterator[int]:
        """Deploy the app with texts of its `app.py` replaced, for the length of a block.

        Yields:
            The mark from before the deploy.
        """
        for old, new in changes.items():
            self.edit("app.py", old, new)
        mark = self.mark()
        self.deploy()
        try:
            yield mark
        finally:
            for old, new in changes.items():
                self.edit("app.py", new, old)
            self.deploy()


@pytest.fixture(scope="session")
def app_host(tmp_path_factory) -> Iterator[TestHost]:
    """The cloud that all apps of a pytest worker share."""
    # Of no use when the tests have ended, so it is not saved while they run.
    cloud = EmbeddedCloud(tmp_path_factory.mktemp("apps") / "cloud", region=REGION, snapshot_seconds=3600)
    with running_host(cloud, Stage(name="local", region=REGION)) as host:
        yield host


@pytest.fixture(scope="session")
def start_app(app_host, tmp_path_factory) -> Callable[..., AbstractContextManager[RunningApp]]:
    """Copies an app's folder, deploys it and serves it for the length of a `with` block."""

    @contextlib.contextmanager
    def start(source: Path, *, settings: str = "") -> Iterator[RunningApp]:
        root = tmp_path_factory.mktemp("app") / source.name
        shutil.copytree(source, root, ignore=shutil.ignore_patterns("__pycache__", ".sundog"))
        # A name of its own, so that apps on the cloud do not meet.
        own = f'[tool.sundog]\nname = "a{uuid.uuid4().hex[:6]}"\nregion = "{REGION}"\n'
        (root / "pyproject.toml").write_text(own + textwrap.dedent(settings), "utf-8")
        with app_host.app(find_project(root), RunningApp) as app:
            yield app

    return start


@pytest.fixture(scope="module")
def deploy_app(start_app, tmp_path_factory) -> Iterator[Callable[..., RunningApp]]:
    """Deploys an app that is given as texts; it is removed with the module."""
    with contextlib.ExitStack() as running:

        def deploy(app: str, files: Mapping[str, str] | None = None, *, settings: str = "") -> RunningApp:
            """Write, synthesize, deploy and serve.

            Args:
                app: The text of `app.py`.
                files: Further files of the project, by path: its handlers.
                settings: Lines below `[tool.sundog]` in its `pyproject.toml`.
            """
            source = tmp_path_factory.mktemp("source") / "app"
            for path, content in {"app.py": app, **(files or {})}.items():
                file = source / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(textwrap.dedent(content), "utf-8")
            return running.enter_context(start_app(source, settings=settings))

        yield deploy


@pytest.fixture(scope="module")
def deploy_example(deploy_app) -> Callable[..., RunningApp]:
    """Deploys the worked example of a construct's page: what the page shows is what runs."""

    def deploy(page: str, files: Mapping[str, str] | None = None) -> RunningApp:
        """Take the first app of the page, and the blocks that begin with the path of a file.

        Args:
            page: Name of the page, without its suffix.
            files: Further files that the example needs and the page does not show.
        """
        blocks = _BLOCK.findall((DOCS / f"{page}.md").read_text("utf-8"))
        app = next(block for block in blocks if "app.synth()" in block)
        named = {found[1]: block for block in blocks if (found := _FILE.match(block))}
        return deploy_app(app, {**named, **(files or {})})

    return deploy
