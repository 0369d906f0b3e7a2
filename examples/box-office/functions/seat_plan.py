"""The plan of seats: browsers watch a show, and are told when one of its seats is taken or free again."""

import contextlib
import json
from collections import defaultdict
from typing import Any

from boto3.dynamodb.conditions import Key
from sundog_runtime import resources


def connect(event: dict[str, Any], context: Any) -> dict[str, int]:
    show_id = (event.get("queryStringParameters") or {}).get("show")
    if not show_id:
        return {"statusCode": 400}
    connection = event["requestContext"]["connectionId"]
    resources.watchers.table.put_item(Item={"connectionId": connection, "showId": show_id})
    return {"statusCode": 200}


def disconnect(event: dict[str, Any], context: Any) -> dict[str, int]:
    resources.watchers.table.delete_item(Key={"connectionId": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def changed(event: dict[str, Any], context: Any) -> None:
    """Follow the table of seats."""
    changes: dict[str, dict[str, bool]] = defaultdict(dict)
    for record in event["Records"]:
        keys = record["dynamodb"]["Keys"]
        changes[keys["showId"]["S"]][keys["seat"]["S"]] = record["eventName"] != "REMOVE"
    for show_id, seats in changes.items():
        _tell_watchers(show_id, seats)


def _tell_watchers(show_id: str, seats: dict[str, bool]) -> None:
    message = json.dumps(
        {
            "taken": sorted(seat for seat, taken in seats.items() if taken),
            "free": sorted(seat for seat, taken in seats.items() if not taken),
        }
    ).encode()
    watchers = resources.watchers.table.query(
        IndexName="byShow", KeyConditionExpression=Key("showId").eq(show_id)
    )["Items"]
    client = resources.seat_plan.client
    for watcher in watchers:
        # One may be gone before its `$disconnect` has run.
        with contextlib.suppress(client.exceptions.GoneException):
            client.post_to_connection(ConnectionId=watcher["connectionId"], Data=message)
