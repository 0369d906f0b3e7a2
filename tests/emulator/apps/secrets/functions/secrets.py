from sundog_runtime import resources


def read(event, context):
    return {name: resources[name].value for name in event}
