"""What `sundog dev` was asked for."""

from __future__ import annotations

from pathlib import Path

import msgspec


class DevOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a live session."""

    debug: bool = False
    """Start every environment so that a debugger can attach."""
    debug_port: int | None = None
    """Port that the editor attaches to; the default is the one in the written `launch.json`."""
    port: int | None = None
    """Port of the embedded cloud."""
    watch: bool = True
    """Notice edits by itself."""
    prelude: Path | None = None
    """A file that Python workers run before they import the handler; with `debug` the debugger's own is run instead."""
    reset: bool = False
    """Forget the local stage's data before starting."""
