"""A table's `TimeToLiveSpecification` in a template is dropped: items never expire."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Set it as the API does."""

    def set_time_to_live(name: str, properties: Properties) -> None:
        specification = properties.get("TimeToLiveSpecification")
        if specification:
            module._dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": specification})
        else:
            module._dynamodb._ttl_settings.pop(name, None)

    afterwards(module, "AWS::DynamoDB::Table", set_time_to_live)
    afterwards(module, "AWS::DynamoDB::GlobalTable", set_time_to_live)
