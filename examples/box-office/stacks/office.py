"""The office: the staff signs in with a link by mail, looks at sales and settles a month."""

from sundog import Api, Auth, Bucket, Cron, Job, Parameter

from stacks.notices import notices
from stacks.orders import orders
from stacks.programme import programme


def office(stack):
    shows, told = stack.use(programme), stack.use(notices)
    database, _ = stack.use(orders)

    settlements = Bucket(stack, "settlements", cors=False, versioned=True)
    # Every order of a month: longer than a function may take.
    settle = Job(
        stack,
        "settle",
        handler="functions/office.settle",
        timeout="1 hour",
        bind=[database, settlements.write_only],
    )
    api = Api(
        stack,
        "office",
        cors=False,
        routes={
            "GET /sales": {"handler": "functions/office.sales", "bind": [shows.read_only, database]},
            "POST /settlements": {"handler": "functions/office.start_settlement", "bind": [settle]},
        },
    )
    staff = Parameter(stack, "staff", value=["grace@example.com", "ida@example.com"])
    Auth(
        stack,
        "staff_sign_in",
        api=api,
        authenticator={"handler": "functions/staff.handler", "bind": [told, staff]},
        session="12 hours",
    )
    Cron(
        stack,
        "daily_sales",
        schedule="cron(0 9 * * ? *)",
        time_zone="Europe/Berlin",
        job="functions/office.report",
        bind=[shows.read_only, database, told],
    )
    stack.outputs(OfficeUrl=api.url)
