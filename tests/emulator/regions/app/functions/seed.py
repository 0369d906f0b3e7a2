"""Runs once in each region when the stage is made there."""

from sundog_runtime import resources


def run(event, context):
    resources.notes.table.put_item(Item={"id": event["params"]["region"]})
