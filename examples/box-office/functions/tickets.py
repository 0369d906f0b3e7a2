"""Tickets: drawn when an order is paid, and sent when they are in the bucket."""

import json
from typing import Any
from urllib.parse import unquote_plus

from sundog_runtime import resources

from box_office.notices import tell_customer
from box_office.orders import find_order, tickets_of
from box_office.programme import Show, find_show

LINK_SECONDS = 7 * 24 * 3600  # the longest that S3 lets a link be good


class OrderNotFound(LookupError):
    """A message names an order that there is not."""


def print_tickets(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Consume the queue. Messages that failed are named, so that only those are delivered again."""
    failures = []
    for record in event["Records"]:
        try:
            _print_order(json.loads(record["body"])["detail"]["orderId"])
        except (LookupError, ValueError) as error:
            print(f"message {record['messageId']} was not printed: {error!r}")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def announce(event: dict[str, Any], context: Any) -> None:
    """Tell the customer where a new ticket is."""
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        order_id, _, name = key.partition("/")
        order = find_order(order_id)
        if order is None:
            print(f"{key} belongs to no order")
            continue
        link = resources.tickets.client.generate_presigned_url(
            "get_object",
            Params={"Bucket": resources.tickets.bucket_name, "Key": key},
            ExpiresIn=LINK_SECONDS,
        )
        tell_customer(order["email"], f"Your ticket {name.removesuffix('.svg')}", link)


def _print_order(order_id: str) -> None:
    tickets = tickets_of(order_id)
    show = find_show(tickets[0]["show_id"]) if tickets else None
    if show is None:
        raise OrderNotFound(order_id)
    for ticket in tickets:
        resources.tickets.client.put_object(
            Bucket=resources.tickets.bucket_name,
            Key=f"{order_id}/{ticket['code']}.svg",
            Body=_drawn(show, ticket).encode(),
            ContentType="image/svg+xml",
        )


def _drawn(show: Show, ticket: dict[str, str]) -> str:
    wanted = {
        "title": show["title"],
        "startsAt": show["starts_at"],
        "seat": ticket["seat"],
        "code": ticket["code"],
    }
    answered = resources.draw.client.invoke(
        FunctionName=resources.draw.function_name, Payload=json.dumps(wanted)
    )
    drawing = json.loads(answered["Payload"].read())
    if "FunctionError" in answered:
        raise ValueError(f"ticket {ticket['code']} was not drawn: {drawing.get('errorMessage')}")
    return drawing["svg"]
