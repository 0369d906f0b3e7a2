"""A chat: connections in a table, messages to all of them, and an authorizer."""

from sundog import App, Function, Table, WebSocketApi

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
    # No function of the API: it finds the connections, and sends to them, because it is bound to it.
    Function(stack, "announce", handler="functions/chat.announce", bind=[chat, connections])
    stack.outputs(ChatUrl=chat.url)


app.synth()
