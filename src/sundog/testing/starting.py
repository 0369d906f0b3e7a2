"""Start the app of a project for a test run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sundog.aws.embedded.cloud import EmbeddedCloud
from sundog.testing.app import AppUnderTest
from sundog.testing.coverage import coverage_prelude
from sundog.testing.host import running_host
from sundog.testing.slots import project_for_tests

_SNAPSHOT_SECONDS = 86_400.0
"""A test run's data is of no use to the next: it is not saved while the tests run."""


@dataclass(frozen=True, kw_only=True)
class Debugging:
    """How editors attach to the handlers of a test run."""

    port: int | None = None
    """The port that they find; that of `sundog dev --debug` when not given."""
    wait_seconds: float
    """How long the tests wait for the first one."""


@contextlib.contextmanager
def running_app(
    folder: Path, *, debugging: Debugging | None = None, progress: Callable[[str], None]
) -> Iterator[AppUnderTest]:
    """Deploy and serve the app of a project, on a cloud and in a state folder of its own, for the length of a block.

    Args:
        folder: The project's, or one in it.
        debugging: Let an editor attach to handlers.
        progress: Told what takes time.

    Raises:
        SundogError: The app is wrong, or the cloud cannot be started.
    """
    with project_for_tests(folder) as project:
        stage = project.stage(None)
        state = project.stage_dir(stage.name)
        # Not `[tool.sundog.local] port`: `sundog dev` may have it.
        cloud = EmbeddedCloud(
            state / "cloud", region=stage.region, progress=progress, snapshot_seconds=_SNAPSHOT_SECONDS
        )
        options: dict[str, Any] = {"prelude": coverage_prelude(state / "coverage")}
        if debugging is not None:
            if options["prelude"] is not None:
                progress("handlers are not measured: a process has one tracer, and --sundog-debug needs it")
            options = {"debug": True, "debug_port": debugging.port}
        with (
            running_host(cloud, stage, **options) as host,
            host.app(project, AppUnderTest, removed=False, tell=progress if debugging else None) as app,
        ):
            if debugging is not None:
                _wait_for_editor(app, debugging.wait_seconds, progress)
            yield app


def _wait_for_editor(app: AppUnderTest, seconds: float, progress: Callable[[str], None]) -> None:
    if seconds <= 0:
        return
    progress(f"the tests begin when an editor has attached, or after {seconds:g} s")
    if not app.wait_for_editor(timeout=seconds):
        progress("no editor has attached: the tests run, and one may still attach")
