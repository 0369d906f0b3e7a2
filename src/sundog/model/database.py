"""Databases: what the manifest says of them, and what a stack tells about one in an output."""

from __future__ import annotations

import hashlib

import msgspec

OUTPUT_PREFIX = "SundogDatabase"
"""Outputs of stacks that start with this are for sundog; nobody asked to see them."""


class DatabaseTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What only CloudFormation knows about a database: all that the Data API wants."""

    cluster: str
    secret: str
    database: str


def output_key(construct_path: str) -> str:
    """Return the name of the output of a database's stack that holds its target as JSON."""
    return OUTPUT_PREFIX + hashlib.sha256(construct_path.encode()).hexdigest()[:12]


def read_database_target(text: str) -> DatabaseTarget:
    """Read the value of that output."""
    return msgspec.json.decode(text, type=DatabaseTarget)
