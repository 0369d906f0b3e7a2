"""Fullstack serverless apps on AWS, in Python.

The names below are what an `app.py` imports. They are loaded when they are first used: `import sundog.cli` must not
load the AWS CDK, which takes seconds.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sundog.constructs._function_props import FunctionProps
    from sundog.constructs.alarm import Alarm
    from sundog.constructs.api import Api
    from sundog.constructs.app import App
    from sundog.constructs.appsync_api import AppSyncApi
    from sundog.constructs.auth import Auth
    from sundog.constructs.bucket import Bucket
    from sundog.constructs.cognito import Cognito
    from sundog.constructs.cron import Cron
    from sundog.constructs.database import Database
    from sundog.constructs.event_bus import EventBus
    from sundog.constructs.function import Function
    from sundog.constructs.job import Job
    from sundog.constructs.kinesis_stream import KinesisStream
    from sundog.constructs.parameter import Parameter
    from sundog.constructs.queue import Queue
    from sundog.constructs.rest_api import RestApi
    from sundog.constructs.script import Script
    from sundog.constructs.secret import Secret
    from sundog.constructs.stack import Stack
    from sundog.constructs.static_site import StaticSite
    from sundog.constructs.table import Table
    from sundog.constructs.topic import Topic
    from sundog.constructs.websocket_api import WebSocketApi

__all__ = [
    "Alarm",
    "Api",
    "App",
    "AppSyncApi",
    "Auth",
    "Bucket",
    "Cognito",
    "Cron",
    "Database",
    "EventBus",
    "Function",
    "FunctionProps",
    "Job",
    "KinesisStream",
    "Parameter",
    "Queue",
    "RestApi",
    "Script",
    "Secret",
    "Stack",
    "StaticSite",
    "Table",
    "Topic",
    "WebSocketApi",
]

_MODULES = {
    "Alarm": "sundog.constructs.alarm",
    "Api": "sundog.constructs.api",
    "App": "sundog.constructs.app",
    "Auth": "sundog.constructs.auth",
    "AppSyncApi": "sundog.constructs.appsync_api",
    "Bucket": "sundog.constructs.bucket",
    "Cognito": "sundog.constructs.cognito",
    "Cron": "sundog.constructs.cron",
    "Database": "sundog.constructs.database",
    "EventBus": "sundog.constructs.event_bus",
    "Function": "sundog.constructs.function",
    "FunctionProps": "sundog.constructs._function_props",
    "KinesisStream": "sundog.constructs.kinesis_stream",
    "Job": "sundog.constructs.job",
    "Parameter": "sundog.constructs.parameter",
    "Queue": "sundog.constructs.queue",
    "RestApi": "sundog.constructs.rest_api",
    "Script": "sundog.constructs.script",
    "Secret": "sundog.constructs.secret",
    "Stack": "sundog.constructs.stack",
    "StaticSite": "sundog.constructs.static_site",
    "Table": "sundog.constructs.table",
    "Topic": "sundog.constructs.topic",
    "WebSocketApi": "sundog.constructs.websocket_api",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module `sundog` has no attribute `{name}`")
    value: object = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
