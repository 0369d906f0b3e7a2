from sundog_runtime import resources


def handler(event, context):
    if "cancel" in event:
        return resources.encode.cancel(event["cancel"])
    return resources.encode.run({"video": event["video"]})
