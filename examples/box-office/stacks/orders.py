"""Orders: their database, what happens to them, and the printing of tickets."""

from sundog import Alarm, Bucket, Cron, Database, EventBus, Function, Parameter, Queue, Secret

from stacks.notices import notices
from stacks.programme import programme
from stacks.seats import seats


def orders(stack):
    shows, told = stack.use(programme), stack.use(notices)
    taken, _ = stack.use(seats)

    limits = Parameter(
        stack, "limits", value={"seats_per_order": 6, "hold_minutes": 10, "payment_minutes": 15}
    )
    database = Database(stack, "orders", migrations="migrations")

    # A ticket is drawn in TypeScript, kept in a bucket, and announced when it is there.
    draw = Function(stack, "draw", handler="functions/ticket.handler", memory="512 MB")
    tickets = Bucket(
        stack,
        "tickets",
        cors=False,
        notifications={
            "ready": {
                "function": {"handler": "functions/tickets.announce", "bind": [database, told]},
                "events": ["object_created"],
            },
        },
    )
    tickets.functions["ready"].bind([tickets.read_only])
    print_tickets = Function(
        stack,
        "print_tickets",
        handler="functions/tickets.print_tickets",
        timeout=30,
        bind=[shows.read_only, database, draw, tickets.write_only],
    )
    printing = Queue(stack, "printing", consumer=print_tickets, partial_failures=True, dead_letter=True)
    Alarm(
        stack,
        "not_printed",
        metric=print_tickets.cdk.function.metric_errors(),
        threshold=1,
        missing="not_breaching",
        on_alarm={"handler": "functions/notices.alarm", "bind": [told]},
    )

    happened = EventBus(
        stack,
        "happened",
        rules={
            "paid": {
                "pattern": {"source": ["payments"], "detail_type": ["order.paid"]},
                "targets": {"print": printing},
            },
            "refused": {
                "pattern": {"source": ["payments"], "detail_type": ["order.refused"]},
                "targets": {"cancel": {"function": "functions/orders.cancel"}},
            },
        },
        bind=[database, taken],
    )

    # The payment provider calls this address, and signs what it says.
    payment_key = Secret(stack, "payment_key")
    payments = Function(
        stack,
        "payments",
        handler="functions/payments.receive",
        url=True,
        bind=[database, happened, payment_key, told],
    )
    Cron(
        stack,
        "unpaid",
        schedule="rate(5 minutes)",
        job="functions/orders.cancel_unpaid",
        bind=[database, taken, limits],
    )
    stack.outputs(PaymentsUrl=payments.url)
    return database, limits
