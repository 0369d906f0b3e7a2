"""How a live session runs functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sundog.live.worker.python import SPARES
from sundog.live.worker.start_method import StartMethod

if TYPE_CHECKING:
    from sundog.live.runner import Runner
    from sundog.live.session import LiveSession

MAX_ENVIRONMENTS = 50


def as_it_is(log: bytes) -> bytes:
    """Return a log unchanged."""
    return log


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """What a session may be told; the defaults are those of `sundog dev`."""

    start_method: StartMethod | None = None
    """`fork` or `spawn`; by default `SUNDOG_WORKER_START`, else what is safe on this system."""
    max_environments: int = MAX_ENVIRONMENTS
    """Execution environments of one function at a time; more requests wait."""
    spares: int = SPARES
    enforce_memory: bool = True
    watch: bool = True
    direct_port: int = 0
    prelude: Path | None = None
    """A file that Python workers run before they import the handler."""
    runners: Mapping[str, Callable[[LiveSession], Runner]] = field(default_factory=dict)
    """Runners of further languages."""
    clean_log: Callable[[bytes], bytes] = as_it_is
    """Takes secrets out of the log of an invocation, which its caller and CloudWatch are given."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
