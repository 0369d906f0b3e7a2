"""What a check found."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Status: TypeAlias = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check."""

    name: str
    status: Status
    detail: str
    fix: str | None = None
    """What to do; set unless the status is ok."""


def ok(name: str, detail: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(name=name, status="ok", detail=detail)


def warn(name: str, detail: str, fix: str) -> Finding:
    """Return a finding that sundog can live with."""
    return Finding(name=name, status="warn", detail=detail, fix=fix)


def fail(name: str, detail: str, fix: str) -> Finding:
    """Return a finding that keeps sundog from working."""
    return Finding(name=name, status="fail", detail=detail, fix=fix)
