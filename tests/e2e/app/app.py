"""What the tests of faults and of load run: functions that answer, that wait, and that keep things."""

from sundog import Api, App, Function, Table

app = App()


@app.stack
def backend(stack):
    kept = Table(stack, "kept", partition_key=("id", "string"))
    hold = Function(stack, "hold", handler="functions/hold.handler", timeout=60)
    Function(stack, "refuse", handler="functions/refuse.handler")
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
    stack.outputs(ApiUrl=api.url)


app.synth()
