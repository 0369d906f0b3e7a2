import json

from sundog_runtime import resources


def handler(event, context):
    kind, given = event["kind"], event["given"]
    if kind == "order":
        attributes = {"total": {"DataType": "Number", "StringValue": str(given["total"])}}
        resources.orders.client.publish(
            TopicArn=resources.orders.topic_arn, Message=json.dumps(given), MessageAttributes=attributes
        )
    elif kind == "photo":
        resources.photos.client.put_object(
            Bucket=resources.photos.bucket_name, Key=given, Body=b"a photograph"
        )
    elif kind == "ledger":
        resources.ledger.client.publish(
            TopicArn=resources.ledger.topic_arn,
            Message=given["text"],
            MessageGroupId="all",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": given["kind"]}},
        )
    elif kind == "delete":
        resources.photos.client.delete_object(Bucket=resources.photos.bucket_name, Key=given)
    else:
        entry = {
            "EventBusName": resources.shop.event_bus_name,
            "Source": "shop.web",
            "DetailType": kind,
            "Detail": json.dumps(given),
        }
        answer = resources.shop.client.put_events(Entries=[entry])
        assert not answer["FailedEntryCount"], answer
