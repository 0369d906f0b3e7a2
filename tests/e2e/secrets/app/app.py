from sundog import Api, App, Secret

app = App()


@app.stack
def backend(stack):
    key = Secret(stack, "stripe_key")
    Secret(stack, "unused")
    api = Api(stack, "api", bind=[key], routes={"GET /pay": "functions/payments.pay"})
    stack.outputs(ApiUrl=api.url)


app.synth()
