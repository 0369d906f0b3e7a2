def once(event, context):
    return event["kind"]


def bare(event, context):
    return event["detail-type"]


def raised(event, context):
    return event["alarmData"]["state"]["value"]


def settled(event, context):
    return event["alarmData"]["state"]["value"]


def refused(event, context):
    return [metric.get("expression") for metric in event["alarmData"]["configuration"]["metrics"]]


def grouped(event, context):
    return event


def ticked(event, context):
    return event["detail-type"]


def piped(event, context):
    return [record["body"] for record in event]


def minutely(event, context):
    return event["kind"]
