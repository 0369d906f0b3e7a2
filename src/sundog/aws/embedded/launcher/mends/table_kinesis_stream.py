"""A table's `KinesisStreamSpecification` in a template is dropped: no change of an item reaches the stream."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Set it as the API does."""

    def set_destination(name: str, properties: Properties) -> None:
        tables = module._dynamodb
        wanted = (properties.get("KinesisStreamSpecification") or {}).get("StreamArn")
        for present in list(tables._kinesis_destinations.get(name) or ()):
            if present.get("DestinationStatus") == "ACTIVE" and present.get("StreamArn") != wanted:
                request = {"TableName": name, "StreamArn": present["StreamArn"]}
                tables._disable_kinesis_streaming_destination(request)
        active = [
            one.get("StreamArn")
            for one in tables._kinesis_destinations.get(name) or ()
            if one.get("DestinationStatus") == "ACTIVE"
        ]
        if wanted and wanted not in active:
            status, _headers, body = tables._enable_kinesis_streaming_destination(
                {"TableName": name, "StreamArn": wanted}
            )
            if status >= 400:
                raise ValueError(f"The table {name} cannot send its changes to {wanted}: {body!r}")

    afterwards(module, "AWS::DynamoDB::Table", set_destination)
