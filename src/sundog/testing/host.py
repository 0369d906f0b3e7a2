"""A cloud and the apps on it, driven from tests, which are not asynchronous."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from sundog.aws.embedded.interface import LocalCloud
from sundog.model.project import Project, Stage
from sundog.session.hosting import AppHost
from sundog.session.options import DevOptions
from sundog.testing.app import AppUnderTest
from sundog.testing.events import EventLog

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
App = TypeVar("App", bound=AppUnderTest)


class TestHost:
    """Runs apps on one cloud, in an event loop of its own thread."""

    __test__ = False  # pytest would take the class for tests

    def __init__(self, host: AppHost, portal: BlockingPortal) -> None:
        self._host = host
        self._portal = portal

    @property
    def endpoint_url(self) -> str:
        """Where the cloud answers."""
        return self._host.cloud.endpoint_url

    def call(
        self,
        function: Callable[Arguments, Awaitable[Result]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Run a coroutine in the host's event loop, and return its result."""
        return self._portal.call(partial(function, *arguments, **named))

    @contextlib.contextmanager
    def app(
        self,
        project: Project,
        kind: type[App],
        *,
        removed: bool = True,
        tell: Callable[[str], None] | None = None,
    ) -> Iterator[App]:
        """Deploy an app and serve it for the length of a block.

        Args:
            project: Its folder.
            kind: `AppUnderTest`, or a subclass with what else the tests ask for.
            removed: Remove its stacks at the end, for the apps that share the cloud.
            tell: Told at once what belongs to no invocation, such as an editor that attaches.

        Raises:
            SundogError: The app is wrong, or something could not be deployed.
        """
        log = EventLog(tell)
        with self._portal.wrap_async_context_manager(self._host.app(project, log)) as hosted:
            app = kind(hosted, log, self._host.cloud, self.call)
            try:
                app.deploy()
                yield app
            finally:
                if removed:
                    self.call(hosted.remove)


@contextlib.contextmanager
def running_host(cloud: LocalCloud, stage: Stage, **options: Any) -> Iterator[TestHost]:  # noqa: ANN401 - those of DevOptions
    """Start a cloud that serves apps for the length of a block."""
    host = AppHost(cloud, stage, options=DevOptions(watch=False, **options))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(host):
        yield TestHost(host, portal)
