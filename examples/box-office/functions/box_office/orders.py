"""Orders and their tickets, in Postgres."""

import secrets
from collections.abc import Sequence
from typing import Any

from sundog_runtime import resources

Row = dict[str, Any]

_CODES = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # what people read aloud at a door: no I, L, O, U
_CODE_LENGTH = 12


def create_order(*, show_id: str, seats: Sequence[str], customer: str, email: str, amount: int) -> str:
    """Write an order and a ticket for each seat; one statement does both or nothing."""
    order_id = _code()
    resources.orders.execute(
        """
        with made as (
            insert into orders (id, show_id, customer, email, amount)
            values (:id, :show_id, :customer, :email, :amount)
            returning id, show_id
        )
        insert into tickets (code, order_id, show_id, seat)
        select ticket.code, made.id, made.show_id, ticket.seat
        from made, unnest(string_to_array(:codes, ','), string_to_array(:seats, ',')) as ticket (code, seat)
        """,
        id=order_id,
        show_id=show_id,
        customer=customer,
        email=email,
        amount=amount,
        codes=",".join(_code() for _ in seats),
        seats=",".join(seats),
    )
    return order_id


def find_order(order_id: str) -> Row | None:
    return next(iter(resources.orders.execute("select * from orders where id = :id", id=order_id)), None)


def orders_of(customer: str) -> list[Row]:
    return resources.orders.execute(
        """
        select orders.id, orders.show_id, amount, status, string_agg(seat, ' ' order by seat) as seats
        from orders left join tickets on order_id = orders.id
        where customer = :customer
        group by orders.id order by created_at desc
        """,
        customer=customer,
    )


def tickets_of(order_id: str) -> list[Row]:
    return resources.orders.execute(
        "select code, show_id, seat from tickets where order_id = :id order by seat", id=order_id
    )


def mark_paid(order_id: str) -> bool:
    """Whether the order waited for its payment until now."""
    return bool(
        resources.orders.execute(
            "update orders set status = 'paid' where id = :id and status = 'unpaid' returning id", id=order_id
        )
    )


def cancel_order(order_id: str) -> list[Row]:
    """Give up an order that is not paid; return the tickets that are sold no more."""
    return resources.orders.execute(
        """
        with given_up as (
            update orders set status = 'cancelled' where id = :id and status = 'unpaid' returning id
        )
        delete from tickets using given_up where order_id = given_up.id returning show_id, seat
        """,
        id=order_id,
    )


def unpaid_orders(*, minutes: int) -> list[str]:
    """Orders that have waited longer for their payment."""
    rows = resources.orders.execute(
        "select id from orders where status = 'unpaid' and created_at < now() - make_interval(mins => :minutes::int)",
        minutes=minutes,
    )
    return [row["id"] for row in rows]


def admit(code: str) -> Row | None:
    """Let somebody in, once: return the ticket, None when it is not good or was used."""
    rows = resources.orders.execute(
        """
        update tickets set admitted_at = now() from orders
        where code = :code and admitted_at is null and orders.id = order_id and status = 'paid'
        returning tickets.show_id, seat
        """,
        code=code,
    )
    return next(iter(rows), None)


def sales_by_show() -> list[Row]:
    return resources.orders.execute(
        """
        select tickets.show_id, count(distinct orders.id) as orders, count(*) as seats, count(admitted_at) as visitors,
            sum(orders.amount / in_order.seats)::int as amount
        from tickets
        join orders on orders.id = tickets.order_id
        join (select order_id, count(*) as seats from tickets group by order_id) as in_order
            on in_order.order_id = orders.id
        where status = 'paid'
        group by tickets.show_id order by tickets.show_id
        """
    )


def paid_in(month: str) -> list[Row]:
    """The paid orders of a month: `2027-02`."""
    return resources.orders.execute(
        """
        select id, show_id, amount, created_at::date::text as day from orders
        where status = 'paid' and to_char(created_at, 'YYYY-MM') = :month order by created_at, id
        """,
        month=month,
    )


def _code() -> str:
    return "".join(secrets.choice(_CODES) for _ in range(_CODE_LENGTH))
