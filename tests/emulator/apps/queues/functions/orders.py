def take(event, context):
    return [record["body"] for record in event["Records"]]
