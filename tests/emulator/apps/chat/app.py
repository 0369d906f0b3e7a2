"""A chat: connections in a table, messages to all of them, and an authorizer."""

from sundog import App, Table, WebSocketApi

app = App()


@app.stack
def backend(stack):
    connections = Table(stack, "connections", partition_key=("connectionId", "string"))
    chat = WebSocketApi(
        stack,
        "chat",
        bind=[connections],
        access_log=True,
        authorizer={
            "type": "lambda",
            "function": "functions/chat.check",
            "identity_source": ["route.request.querystring.token"],
        },
        routes={
            "$connect": "functions/chat.connect",
            "$disconnect": "functions/chat.disconnect",
            "$default": "functions/chat.other",
            "say": "functions/chat.say",
            "time": {"handler": "functions/chat.time", "returns_response": True},
            "version": {"handler": "functions/chat.version", "returns_response": True},
            "fail": "functions/chat.fail",
        },
    )
    stack.outputs(ChatUrl=chat.url)


app.synth()
