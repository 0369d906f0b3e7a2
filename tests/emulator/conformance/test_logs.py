"""Searches in logs: `sundog coldstart` reads from them what Lambda reported."""

from __future__ import annotations

import time
import uuid

import pytest


def search_log(aws, **how):
    """Write 12 lines of 200 kB to two streams, and search them: the events of each answer."""
    logs, group = aws.client("logs"), f"/log/{uuid.uuid4().hex}"
    logs.create_log_group(logGroupName=group)
    begin = int(time.time() * 1000) - 60_000
    for stream in ("a", "b"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        # Two of a time, so that a page may end between them.
        told = [
            {"timestamp": begin + number // 2, "message": f"{stream}{number} {'x' * 200_000}"}
            for number in range(6)
        ]
        for line in told:
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[line])
    pages, more = [], {}
    while True:
        answer = logs.filter_log_events(logGroupName=group, filterPattern="xxx", **how, **more)
        pages.append([event["message"].partition(" ")[0] for event in answer["events"]])
        if "nextToken" not in answer:
            return pages
        more = {"nextToken": answer["nextToken"]}


@pytest.mark.parametrize("how", [{}, {"limit": 3}])
def test_a_search_in_a_log_goes_on_with_the_next_page(aws, how):
    pages = search_log(aws, **how)

    assert sorted(name for page in pages for name in page) == [f"{s}{n}" for s in "ab" for n in range(6)]
    assert len(pages) >= 3


def test_log_pages_is_still_needed(unmended_bench):
    assert len(search_log(unmended_bench.aws, limit=3)) == 1, "the emulator says that there are more pages"
