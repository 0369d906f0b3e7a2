from __future__ import annotations

import pytest

from sundog.live.worker.start_method import UnknownStartMethod, choose_start_method


@pytest.mark.parametrize(
    ("environ", "platform", "method"),
    [
        ({}, "linux", "fork"),
        ({}, "darwin", "spawn"),
        ({"SUNDOG_WORKER_START": ""}, "linux", "fork"),
        ({"SUNDOG_WORKER_START": "spawn"}, "linux", "spawn"),
        ({"SUNDOG_WORKER_START": "fork"}, "darwin", "fork"),
    ],
)
def test_workers_start_as_is_safe_unless_told(environ: dict[str, str], platform: str, method: str) -> None:
    assert choose_start_method(environ, platform) == method


def test_unknown_way_is_refused_with_the_closest() -> None:
    with pytest.raises(
        UnknownStartMethod, match="`SUNDOG_WORKER_START=spwan` is no way to start a worker"
    ) as caught:
        choose_start_method({"SUNDOG_WORKER_START": "spwan"})

    assert caught.value.fixes == ("set it to `spawn`",)
