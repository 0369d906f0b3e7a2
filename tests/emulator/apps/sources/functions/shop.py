def large(event, context):
    return event["detail"]["total"]


def cancelled(event, context):
    return event["detail"]


def matched(event, context):
    return event["operator"]
