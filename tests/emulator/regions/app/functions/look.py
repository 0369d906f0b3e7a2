"""Says where it runs and what it sees there."""

import os

from sundog_runtime import resources


def handler(event, context):
    rows = resources.main.execute("select name from notes order by name")
    print("the key is", resources.stripe_key.value)
    return {
        "region": os.environ["AWS_REGION"],
        "key": resources.stripe_key.value,
        "seeded": [item["id"] for item in resources.notes.table.scan()["Items"]],
        "rows": [row["name"] for row in rows],
    }
