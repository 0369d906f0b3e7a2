from sundog_runtime import resources


def handler(event, context):
    queue = resources[event["queue"]]
    entries = [
        {"Id": str(number), "MessageBody": body, **event.get("more", {})}
        for number, body in enumerate(event["bodies"])
    ]
    queue.client.send_message_batch(QueueUrl=queue.queue_url, Entries=entries)
