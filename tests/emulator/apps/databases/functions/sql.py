from sundog_runtime import resources


def run(event, context):
    return resources.main.execute(event["sql"], **event.get("parameters", {}))
