"""A job, and a function that starts and cancels it."""

from sundog import App, Function, Job, Table

app = App()


@app.stack
def backend(stack):
    done = Table(stack, "done", partition_key=("id", "string"))
    encode = Job(stack, "encode", handler="functions/encode.run", timeout="2 hours", bind=[done])
    Function(stack, "start", handler="functions/start.handler", bind=[encode], timeout="30 seconds")


app.synth()
