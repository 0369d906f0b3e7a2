"""A pipe's parameters, its filters, its enrichment and its input template in a template are dropped."""

from __future__ import annotations

from typing import Any

from . import pipes
from .handlers import PROVISIONERS, Properties, afterwards, change_properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})

_TYPE = "AWS::Pipes::Pipe"


def mend(module: Any) -> None:
    """Store them before the pipe runs."""

    def stopped(properties: Properties) -> Properties:
        pipes.check(module._pipes, properties)
        return {**properties, "DesiredState": "STOPPED"}

    def store(name: str, properties: Properties) -> None:
        state = str(properties.get("DesiredState") or "RUNNING")
        pipes.apply_settings(module._pipes._pipes[name], properties, state)

    change_properties(module, _TYPE, stopped)
    afterwards(module, _TYPE, store)
