from sundog_runtime import resources


def shrink(event, context):
    photos = resources.photos
    for record in event["Records"]:
        key = record["s3"]["object"]["key"]
        content = photos.client.get_object(Bucket=photos.bucket_name, Key=key)["Body"].read()
        photos.client.put_object(Bucket=photos.bucket_name, Key=key.replace("in/", "out/"), Body=content[:4])


def noted(event, context):
    return event["Records"][0]["Sns"]["Message"]


def shown(event, context):
    return event["detail"]["object"]["key"]


def expired(event, context):
    return [record["s3"]["object"]["key"] for record in event["Records"]]
