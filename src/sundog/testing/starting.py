"""Start the app of a project for a test run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from sundog.aws.embedded.cloud import EmbeddedCloud
from sundog.testing.app import AppUnderTest
from sundog.testing.coverage import coverage_prelude
from sundog.testing.host import running_host
from sundog.testing.slots import project_for_tests

_SNAPSHOT_SECONDS = 86_400.0
"""A test run's data is of no use to the next: it is not saved while the tests run."""


@contextlib.contextmanager
def running_app(
    folder: Path, *, debug: bool = False, progress: Callable[[str], None]
) -> Iterator[AppUnderTest]:
    """Deploy and serve the app of a project, on a cloud and in a state folder of its own, for the length of a block.

    Args:
        folder: The project's, or one in it.
        debug: Let an editor attach to handlers.
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
        prelude = coverage_prelude(state / "coverage")
        with (
            running_host(cloud, stage, debug=debug, prelude=prelude) as host,
            host.app(project, AppUnderTest, removed=False) as app,
        ):
            yield app
