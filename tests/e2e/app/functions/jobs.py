def work(event, context):
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    print("working on", *sorted(bodies.values()))
    failed = [message_id for message_id, body in bodies.items() if body == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
