from sundog_runtime import resources


def run(event, context):
    params = event["params"]
    if params["version"] == "broken":
        raise ValueError("no such user")
    for number in range(params["count"]):
        resources.users.table.put_item(Item={"id": str(number), "version": params["version"]})
    return params["table"]


def clear(event, context):
    return event["type"]
