"""Seats that are taken, in DynamoDB: one item per seat of a show, which expires when it is only held."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from boto3.dynamodb.conditions import Key
from sundog_runtime import resources

# The item of a seat that this caller may take: there is none, it is theirs, or it has expired. DynamoDB removes
# expired items within days, not at the second.
_FREE = "attribute_not_exists(seat) OR holder = :holder AND attribute_exists(expires_at) OR expires_at < :now"
_HELD = "holder = :holder AND expires_at >= :now"


class SeatsTaken(Exception):
    """One of the seats is somebody else's."""


def taken_seats(show_id: str) -> list[str]:
    items = resources.seats.table.query(KeyConditionExpression=Key("showId").eq(show_id))["Items"]
    return [item["seat"] for item in items if not _expired(item)]


def held_seats(show_id: str, holder: str) -> list[str]:
    """What the caller holds and has not ordered yet."""
    items = resources.seats.table.query(KeyConditionExpression=Key("showId").eq(show_id))["Items"]
    return [
        item["seat"]
        for item in items
        if item["holder"] == holder and "expires_at" in item and not _expired(item)
    ]


def hold(show_id: str, seats: Sequence[str], holder: str, *, minutes: int) -> int:
    """Keep all of the seats for somebody, or none; return until when."""
    until = int(time.time()) + minutes * 60
    _put_all(
        show_id,
        seats,
        lambda seat: {"showId": show_id, "seat": seat, "holder": holder, "expires_at": until},
        condition=_FREE,
        holder=holder,
    )
    return until


def sell(show_id: str, seats: Sequence[str], holder: str, *, order_id: str) -> None:
    """Make seats that somebody holds those of an order."""
    _put_all(
        show_id,
        seats,
        lambda seat: {"showId": show_id, "seat": seat, "holder": holder, "orderId": order_id},
        condition=_HELD,
        holder=holder,
    )


def free(show_id: str, seats: Sequence[str]) -> None:
    with resources.seats.table.batch_writer() as batch:
        for seat in seats:
            batch.delete_item(Key={"showId": show_id, "seat": seat})


def _put_all(
    show_id: str,
    seats: Sequence[str],
    item: Callable[[str], dict[str, Any]],
    *,
    condition: str,
    holder: str,
) -> None:
    table = resources.seats.table
    client = table.meta.client
    puts = [
        {
            "Put": {
                "TableName": table.name,
                "Item": item(seat),
                "ConditionExpression": condition,
                "ExpressionAttributeValues": {":holder": holder, ":now": int(time.time())},
            }
        }
        for seat in seats
    ]
    try:
        client.transact_write_items(TransactItems=puts)
    except client.exceptions.TransactionCanceledException:
        raise SeatsTaken(show_id) from None


def _expired(item: dict[str, Any]) -> bool:
    return "expires_at" in item and item["expires_at"] < time.time()
