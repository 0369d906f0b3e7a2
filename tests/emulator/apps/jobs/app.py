"""A job, and functions in two languages that start and cancel it."""

from sundog import App, Function, Job, Table

app = App()


@app.stack
def backend(stack):
    done = Table(stack, "done", partition_key=("id", "string"))
    encode = Job(stack, "encode", handler="functions/encode.run", timeout="2 hours", bind=[done])
    Function(stack, "start", handler="functions/start.handler", bind=[encode], timeout="30 seconds")
    Function(stack, "start_js", handler="functions/start_js.handler", bind=[encode], timeout="30 seconds")


app.synth()
