"""What the tests of faults and of load run: functions that answer, that wait, and that keep things."""

from sundog import Api, App, Function, Queue, Table

app = App()


@app.stack
def backend(stack):
    kept = Table(stack, "kept", partition_key=("id", "string"))
    hold = Function(stack, "hold", handler="functions/hold.handler", timeout=60)
    Function(stack, "refuse", handler="functions/refuse.handler")
    jobs = Queue(
        stack,
        "jobs",
        consumer={"handler": "functions/jobs.work", "timeout": 3},
        visibility_timeout=3,
        partial_failures=True,
        dead_letter=True,
        max_receives=2,
    )
    entries = Table(
        stack,
        "entries",
        partition_key=("id", "string"),
        consumers={
            "post": {
                "function": "functions/entries.post",
                "batch_window": "2 seconds",
                "bisect": True,
                "retries": 1,
            },
        },
    )
    api = Api(
        stack,
        "api",
        bind=[kept],
        routes={
            "GET /echo": "functions/echo.handler",
            "GET /hold": hold,
            "GET /kept/{id}": "functions/kept.read",
            "PUT /kept/{id}": "functions/kept.write",
        },
    )
    stack.outputs(Entries=entries.table_name)
    stack.outputs(ApiUrl=api.url, Jobs=jobs.queue_url, FailedJobs=jobs.cdk.dead_letter_queue.queue_url)


app.synth()
