from sundog import App, Function, Parameter, Secret

app = App()


@app.stack
def backend(stack):
    key, token = Secret(stack, "stripe_key"), Secret(stack, "token")
    limits = Parameter(stack, "limits", value={"notes": 100})
    region = Parameter(stack, "place", value=stack.region)
    Function(stack, "read", handler="functions/secrets.read", bind=[key, token, limits, region])
    Function(
        stack,
        "fetch",
        handler="functions/secrets.read",
        bind=[key],
        environment={"SUNDOG_SECRET_SECONDS": "0"},
    )
    Function(stack, "node", handler="functions/limits.read", bind=[limits])


app.synth()
