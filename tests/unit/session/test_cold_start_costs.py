"""The estimate of what warm and provisioned environments cost."""

from __future__ import annotations

import pytest
import sundog_runtime

from sundog.model.manifest import FunctionEntry
from sundog.model.warmer import WARMER_KEY, is_warmer_event
from sundog.session.cold_start_costs import provisioned_dollars, tell_costs, warm_dollars


def entry(name="list", **fields):
    known = {
        "id": f"backend/{name}",
        "name": name,
        "stack": "backend",
        "logical_id": name,
        "handler": f"functions/notes.{name}",
        "runtime": "python3.12",
        "language": "python",
        "source": ".",
        "file": "functions/notes.py",
        "function": name,
        "timeout_seconds": 3,
        "memory_mb": 1024,
    }
    return FunctionEntry(**(known | fields))


def test_an_environment_of_a_gigabyte_costs_cents_to_keep_warm():
    # 8,760 calls a month, each a tenth of a second at a gigabyte, and as many calls of the small warmer.
    assert warm_dollars(entry(warm=1)) == pytest.approx(
        8760 * (2 * 2e-7 + 0.1 * 1.66667e-5 + 0.25 / 8 * 1.66667e-5)
    )


def test_provisioned_concurrency_costs_its_memory_around_the_clock():
    # What AWS's own page comes to for one environment of a gigabyte: about eleven dollars.
    assert provisioned_dollars(entry(provisioned_concurrency=1)) == pytest.approx(10.95, abs=0.01)
    assert provisioned_dollars(entry(provisioned_concurrency=2, architecture="arm64")) == pytest.approx(
        17.52, abs=0.01
    )


def test_the_costs_of_a_deploy_are_told_by_function():
    told = []
    tell_costs(
        [
            entry("list", warm=1),
            entry("get", warm=10),
            entry("cold"),
            entry("fast", provisioned_concurrency=1),
        ],
        told.append,
    )

    assert [notice.text for notice in told] == [
        "warm environments: about $0.19 a month on AWS (get $0.17, list $0.02)",
        "provisioned concurrency: about $10.95 a month on AWS (fast $10.95)",
    ]


def test_nothing_is_told_of_an_app_without_any():
    told = []
    tell_costs([entry()], told.append)

    assert told == []


@pytest.mark.parametrize(
    ("payload", "is_one"),
    [
        (b'{"sundog:warmer":{"delay_ms":75}}', True),
        (b'{"sundog:warmer": {"delay_ms": 75}}', True),
        (b'{"sundog:warmer":{},"more":1}', False),
        (b'{"text":"sundog:warmer"}', False),
        (b'"sundog:warmer"', False),
        (b"sundog:warmer", False),
        (b"null", False),
    ],
)
def test_the_warmers_events_are_told_from_others(payload, is_one):
    assert is_warmer_event(payload) is is_one


def test_what_is_packaged_knows_the_same_key():
    import ast
    from pathlib import Path

    module = ast.parse((Path(sundog_runtime.__file__).parent / "warm.py").read_text())
    (key,) = [
        node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "WARMER_KEY"
    ]

    assert key == WARMER_KEY
