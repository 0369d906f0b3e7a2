import base64


def count(event, context):
    pages = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    # As if what comes before it had to be stored first.
    failed = [
        record["kinesis"]["sequenceNumber"]
        for record, page in zip(event["Records"], pages, strict=True)
        if page == "second" and page != pages[0]
    ]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
