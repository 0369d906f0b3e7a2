"""The doors: scanners ask whether a ticket is good, and visitors are counted."""

from sundog import KinesisStream, RestApi

from stacks.orders import orders
from stacks.programme import programme


def doors(stack):
    shows = stack.use(programme)
    database, _ = stack.use(orders)

    admissions = KinesisStream(
        stack,
        "admissions",
        consumers={
            "visitors": {
                "function": {"handler": "functions/doors.count", "bind": [shows]},
                "batch_window": "1 second",
                "retries": 5,
                "bisect": True,
            },
        },
    )
    # A REST API, because each scanner has an API key.
    api = RestApi(
        stack,
        "doors",
        cors=False,
        bind=[database, admissions],
        routes={"POST /scans": {"handler": "functions/doors.scan", "api_key": True}},
    )
    scanners = api.cdk.rest_api.add_usage_plan("scanners", throttle={"rate_limit": 20, "burst_limit": 40})
    scanners.add_api_stage(stage=api.cdk.rest_api.deployment_stage)
    key = api.cdk.rest_api.add_api_key("main_door")
    scanners.add_api_key(key)
    stack.outputs(DoorsUrl=api.url, MainDoorKeyId=key.key_id)
