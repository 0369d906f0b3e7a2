"""What somebody has to be told: customers by mail, the staff by pager."""

from sundog import Topic


def notices(stack):
    return Topic(
        stack,
        "notices",
        subscribers={
            "mail": {"function": "functions/notices.mail", "filter": {"audience": ["customer"]}},
            "pager": {"function": "functions/notices.page", "filter": {"audience": ["staff"]}},
        },
    )
