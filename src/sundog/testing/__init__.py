"""Test a serverless app on the embedded cloud, with its real resources, events and handlers.

Installed with sundog as a plugin of pytest: ask for the fixture `sundog_app`. See `docs/testing.md`.
"""

from __future__ import annotations

from sundog.testing.app import AppUnderTest
from sundog.testing.calling import FunctionFailed, GraphqlFailed
from sundog.testing.events import SeenInvocation
from sundog.testing.http import HttpResponse
from sundog.testing.template import StackTemplate
from sundog.testing.waiting import wait_until

__all__ = [
    "AppUnderTest",
    "FunctionFailed",
    "GraphqlFailed",
    "HttpResponse",
    "SeenInvocation",
    "StackTemplate",
    "wait_until",
]
