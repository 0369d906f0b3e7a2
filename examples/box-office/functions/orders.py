"""Holding seats, ordering them, and what becomes of orders that nobody pays."""

from datetime import UTC, datetime
from typing import Any

from sundog_runtime import resources

from box_office import orders, seating
from box_office.http import Event, Problem, Response, answer, claims, http, json_body
from box_office.programme import Show, find_show, has_seat


@http
def hold(event: Event) -> Response:
    """Keep seats for the caller for some minutes."""
    show = _show(event)
    seats = _seats(show, json_body(event).get("seats"))
    try:
        until = seating.hold(
            show["showId"], seats, claims(event)["sub"], minutes=resources.limits.value["hold_minutes"]
        )
    except seating.SeatsTaken:
        raise Problem(409, "one of these seats is taken") from None
    return answer(201, {"seats": seats, "until": datetime.fromtimestamp(until, UTC).isoformat()})


@http
def order(event: Event) -> Response:
    """Order the seats that the caller holds; they are the order's until it is paid or given up."""
    show, customer = _show(event), claims(event)
    seats = seating.held_seats(show["showId"], customer["sub"])
    if not seats:
        raise Problem(409, "hold some seats first")
    amount = int(show["price"]) * len(seats)
    order_id = orders.create_order(
        show_id=show["showId"], seats=seats, customer=customer["sub"], email=customer["email"], amount=amount
    )
    try:
        seating.sell(show["showId"], seats, customer["sub"], order_id=order_id)
    except seating.SeatsTaken:
        orders.cancel_order(order_id)
        raise Problem(409, "the seats were held too long; choose again") from None
    return answer(201, {"orderId": order_id, "seats": seats, "amount": amount})


@http
def list_orders(event: Event) -> Response:
    return answer(200, {"orders": orders.orders_of(claims(event)["sub"])})


def cancel(event: dict[str, Any], context: Any) -> None:
    """The payment of an order was refused."""
    _give_up(event["detail"]["orderId"])


def cancel_unpaid(event: dict[str, Any], context: Any) -> dict[str, int]:
    waiting = orders.unpaid_orders(minutes=resources.limits.value["payment_minutes"])
    for order_id in waiting:
        _give_up(order_id)
    return {"cancelled": len(waiting)}


def _give_up(order_id: str) -> None:
    tickets = orders.cancel_order(order_id)
    if tickets:
        seating.free(tickets[0]["show_id"], [ticket["seat"] for ticket in tickets])
        print(f"order {order_id} is cancelled: {len(tickets)} seats are free again")


def _show(event: Event) -> Show:
    show = find_show(event["pathParameters"]["showId"])
    if show is None:
        raise Problem(404, "there is no such show")
    return show


def _seats(show: Show, given: Any) -> list[str]:
    most = resources.limits.value["seats_per_order"]
    if not isinstance(given, list) or not all(isinstance(seat, str) for seat in given):
        raise Problem(400, "`seats` is not a list of seats")
    seats = sorted(set(given))
    if not 1 <= len(seats) <= most:
        raise Problem(400, f"choose 1 to {most} seats")
    if unknown := [seat for seat in seats if not has_seat(show, seat)]:
        raise Problem(400, f"the hall has no seat `{unknown[0]}`")
    return seats
