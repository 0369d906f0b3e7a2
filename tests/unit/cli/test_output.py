"""What a command writes, from whichever thread."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

from sundog.cli.render.output import Output


class TwoAtOnce(io.StringIO):
    """A stream on which two threads always write at the same time, if they can."""

    def __init__(self):
        super().__init__()
        self._other = threading.Barrier(2)

    def write(self, text):
        written = super().write(text)
        try:
            self._other.wait(0.2)
        except threading.BrokenBarrierError:
            self._other.reset()
        return written


def test_lines_of_two_threads_stay_lines():
    stream = TwoAtOnce()
    output = Output(stdout=stream, stderr=io.StringIO(), environ={}, as_json=True)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda number: output.json({"number": number}), range(2)))

    assert sorted(json.loads(line)["number"] for line in stream.getvalue().splitlines()) == [0, 1]
