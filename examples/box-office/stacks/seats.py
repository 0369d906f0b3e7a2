"""Which seats are free: held for some minutes, sold with an order, and shown to whoever looks at the plan."""

from sundog import Table, WebSocketApi


def seats(stack):
    watchers = Table(
        stack,
        "watchers",
        partition_key=("connectionId", "string"),
        indexes={"byShow": {"partition_key": ("showId", "string")}},
    )
    seat_plan = WebSocketApi(
        stack,
        "seat_plan",
        bind=[watchers],
        routes={
            "$connect": "functions/seat_plan.connect",
            "$disconnect": "functions/seat_plan.disconnect",
        },
    )
    taken = Table(
        stack,
        "seats",
        partition_key=("showId", "string"),
        sort_key=("seat", "string"),
        time_to_live="expires_at",
        consumers={
            "plan": {
                "function": {"handler": "functions/seat_plan.changed", "bind": [watchers, seat_plan]},
                "retries": 2,
                "bisect": True,
            },
        },
    )
    stack.outputs(SeatPlanUrl=seat_plan.url)
    return taken, seat_plan
