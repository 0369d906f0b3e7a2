"""What `sundog dev` was asked for."""

from __future__ import annotations

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
    reset: bool = False
    """Forget the local stage's data before starting."""
