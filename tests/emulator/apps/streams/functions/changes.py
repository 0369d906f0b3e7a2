def strict(event, context):
    ids = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
    if "job-bad" in ids:
        raise ValueError("job-bad")
    return ids


def audit(event, context):
    images = [record["dynamodb"].get("NewImage", {}) for record in event["Records"]]
    return [image["state"]["S"] for image in images if "state" in image]


def copy(event, context):
    return len(event["Records"])
