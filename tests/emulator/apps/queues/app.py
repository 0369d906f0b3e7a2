"""Queues: batches of which a part fails, order, dead letters, and a pipe of the CDK's own."""

from aws_cdk import aws_iam, aws_pipes

from sundog import App, Function, Queue

app = App()


def pipe(stack, queue, function):
    """Hand the invoices of a queue that are large to a function."""
    role = aws_iam.Role(stack, "pipe-role", assumed_by=aws_iam.ServicePrincipal("pipes.amazonaws.com"))
    queue.cdk.queue.grant_consume_messages(role)
    function.cdk.function.grant_invoke(role)
    large = '{"body": {"total": [{"numeric": [">", 100]}]}}'
    aws_pipes.CfnPipe(
        stack,
        "pipe",
        role_arn=role.role_arn,
        source=queue.queue_arn,
        source_parameters={
            "sqsQueueParameters": {"batchSize": 1},
            "filterCriteria": {"filters": [{"pattern": large}]},
        },
        target=function.arn,
        target_parameters={"inputTemplate": '{"invoice": <$.body.id>, "total": <$.body.total>}'},
    )


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
    collected = Queue(
        stack,
        "collected",
        consumer="functions/jobs.collect",
        batch_size=100,
        batch_window="2 seconds",
        filters=[{"body": {"kind": ["keep"]}}],
        max_concurrency=2,
    )
    later = Queue(stack, "later")
    later.add_consumer("functions/jobs.collect_later", batch_size=1)
    orders = Queue(stack, "orders", fifo=True, consumer="functions/orders.take", dead_letter=True)
    unpaid = Queue(stack, "unpaid")
    invoices = Queue(stack, "invoices", visibility_timeout="1 second", dead_letter=unpaid, max_receives=2)
    pay = Function(stack, "pay", handler="functions/invoices.pay")
    pipe(stack, invoices, pay)
    Function(stack, "send", handler="functions/send.handler", bind=[jobs, orders, collected, later, invoices])
    stack.outputs(Failed=failed.queue_url, Unpaid=unpaid.queue_url, Collected=collected.queue_url)


app.synth()
