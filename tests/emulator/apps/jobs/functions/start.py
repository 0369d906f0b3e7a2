from sundog_runtime import resources


def handler(event, context):
    if "cancel" in event:
        return resources.encode.cancel(event["cancel"])
    job = resources.encode.run({"video": event["video"]})
    if event.get("at_once"):
        resources.encode.cancel(job)
    return job
