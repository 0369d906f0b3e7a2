import json

from sundog_runtime import resources


def handler(event, context):
    for amount in event.get("refused", []):
        print(json.dumps({"level": "REFUSED", "amount": amount}))
    for item in event.get("items", []):
        resources.jobs.table.put_item(Item=item)
    records = [{"Data": page.encode(), "PartitionKey": "one"} for page in event.get("pages", [])]
    if records:
        resources.clicks.client.put_records(StreamName=resources.clicks.stream_name, Records=records)
