def post(event, context):
    ids = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
    print("posting", *ids)
    if "bad" in ids:
        raise ValueError("bad cannot be posted")
