"""A function's `DeadLetterConfig` and `ReservedConcurrentExecutions` in a template are dropped."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Store them where the Lambda service reads them."""

    def store(name: str, properties: Properties) -> None:
        function = module._lambda_svc._functions[name]
        if properties.get("DeadLetterConfig"):
            function["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
        else:
            function["config"].pop("DeadLetterConfig", None)
        reserved = properties.get("ReservedConcurrentExecutions")
        function["concurrency"] = None if reserved is None else int(reserved)

    afterwards(module, "AWS::Lambda::Function", store)
