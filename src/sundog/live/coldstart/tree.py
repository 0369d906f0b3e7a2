"""The tree of imports that `python -X importtime` prints.

Each line is a module that has finished importing, after all that it imported itself, which are indented more deeply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( +)(\S+)$")


@dataclass
class Imported:
    """A module, at the place where it was imported first."""

    name: str
    self_ms: float
    """Without what it imported itself."""
    total_ms: float
    children: list[Imported] = field(default_factory=list)

    def walk(self) -> Iterator[Imported]:
        """Yield the module and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def import_tree(lines: Iterable[str]) -> list[Imported]:
    """Return the modules at the top of the tree, in the order in which they were imported."""
    waiting: dict[int, list[Imported]] = {}
    for line in lines:
        match = _LINE.search(line)
        if match is None:
            continue
        depth = (len(match[3]) - 1) // 2
        module = Imported(match[4], int(match[1]) / 1000, int(match[2]) / 1000)
        # What was printed since, one step deeper, was imported by this module.
        module.children = waiting.pop(depth + 1, [])
        waiting.setdefault(depth, []).append(module)
    return waiting.get(0, [])
