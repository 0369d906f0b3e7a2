"""What passes between a stack and the upload of files: one output, whose value is JSON."""

from __future__ import annotations

import msgspec

OUTPUT_PREFIX = "SundogUpload"
"""Outputs of stacks that start with this are for the deploy engine; nobody asked to see them."""


class UploadTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What only CloudFormation knows about an upload."""

    bucket: str
    distribution: str | None = None
    environment: dict[str, str] = {}


def read_target(text: str) -> UploadTarget:
    """Read the value of the output."""
    return msgspec.json.decode(text, type=UploadTarget)
