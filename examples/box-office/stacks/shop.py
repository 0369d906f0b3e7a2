"""What customers' browsers call."""

from sundog import Api

from stacks.customers import customers
from stacks.orders import orders
from stacks.programme import programme
from stacks.seats import seats


def shop(stack):
    shows, users = stack.use(programme), stack.use(customers)
    taken, _ = stack.use(seats)
    database, limits = stack.use(orders)

    api = Api(
        stack,
        "shop",
        bind=[shows.read_only, taken, limits],
        authorizers={"customers": {"type": "user_pool", "user_pool": users}},
        authorizer="customers",
        throttle={"rate": 100, "burst": 200},
        routes={
            "GET /shows": {"handler": "functions/programme.list_shows", "authorizer": "none"},
            "GET /shows/{showId}": {"handler": "functions/programme.show", "authorizer": "none"},
            "POST /shows/{showId}/holds": "functions/orders.hold",
            "POST /shows/{showId}/orders": {"handler": "functions/orders.order", "bind": [database]},
            "GET /orders": {"handler": "functions/orders.list_orders", "bind": [database]},
        },
    )
    stack.outputs(ShopUrl=api.url)
    return api
