"""The website: the programme, and a plan of seats that changes while one looks at it."""

from sundog import StaticSite

from stacks.seats import seats
from stacks.shop import shop


def website(stack):
    _, seat_plan = stack.use(seats)
    api = stack.use(shop)
    site = StaticSite(
        stack,
        "website",
        path="website",
        environment={"SHOP_URL": api.url, "SEAT_PLAN_URL": seat_plan.url},
    )
    stack.outputs(WebsiteUrl=site.url)
