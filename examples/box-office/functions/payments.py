"""What the payment provider calls: its messages are signed with a key that only we share."""

import hashlib
import hmac
import json
from typing import Any

from sundog_runtime import resources

from box_office import orders
from box_office.http import Event, Problem, Response, answer, http, json_body, text_body
from box_office.notices import tell_staff


@http
def receive(event: Event) -> Response:
    _check_signature(event)
    message = json_body(event)
    order = orders.find_order(str(message.get("orderId")))
    if order is None:
        raise Problem(404, "there is no such order")
    if message.get("result") == "paid":
        _take_payment(order)
    else:
        _happened("order.refused", order)
    return answer(200, {"orderId": order["id"]})


def _take_payment(order: dict[str, Any]) -> None:
    if order["status"] == "paid":
        return  # the provider says it until it is answered
    if order["status"] == "unpaid":
        # The event goes first: when the next step fails, the provider says it again, and printing twice does no harm.
        _happened("order.paid", order)
        if orders.mark_paid(order["id"]):
            return
    tell_staff(f"order {order['id']} was paid after it was given up: pay {order['amount'] / 100:.2f} € back")


def _check_signature(event: Event) -> None:
    key = resources.payment_key.value.encode()
    expected = hmac.new(key, text_body(event).encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, event["headers"].get("x-signature", "")):
        raise Problem(401, "the signature is wrong")


def _happened(what: str, order: dict[str, Any]) -> None:
    entry = {
        "EventBusName": resources.happened.event_bus_name,
        "Source": "payments",
        "DetailType": what,
        "Detail": json.dumps({"orderId": order["id"], "showId": order["show_id"]}),
    }
    answered = resources.happened.client.put_events(Entries=[entry])
    if answered["FailedEntryCount"]:
        raise RuntimeError(f"{what} was not taken: {answered['Entries']}")
