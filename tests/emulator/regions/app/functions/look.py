"""Says where it runs and what it sees there."""

import os

from sundog_runtime import resources

if os.environ["PRICES"] == "eu-west-1":
    from prices import eu_west_1 as prices
else:
    from prices import us_west_2 as prices


def handler(event, context):
    rows = resources.main.execute("select name from notes order by name")
    print("the key is", resources.stripe_key.value)
    return {
        "region": os.environ["AWS_REGION"],
        "key": resources.stripe_key.value,
        "seeded": [item["id"] for item in resources.notes.table.scan()["Items"]],
        "tax": prices.VALUE_ADDED_TAX,
        "asked": event.get("asked"),
        "rows": [row["name"] for row in rows],
    }
