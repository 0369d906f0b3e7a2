"""Queues: batches of which a part fails, order, dead letters."""

from sundog import App, Function, Queue

app = App()


@app.stack
def backend(stack):
    failed = Queue(stack, "failed")
    jobs = Queue(
        stack,
        "jobs",
        consumer={"handler": "functions/jobs.work", "timeout": 3},
        visibility_timeout="3 seconds",
        partial_failures=True,
        dead_letter=failed,
        max_receives=2,
    )
    orders = Queue(stack, "orders", fifo=True, consumer="functions/orders.take", dead_letter=True)
    Function(stack, "send", handler="functions/send.handler", bind=[jobs, orders])
    stack.outputs(Failed=failed.queue_url)


app.synth()
