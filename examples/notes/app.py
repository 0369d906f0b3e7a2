"""Notes over HTTP: a table, a queue with its consumer, a daily job."""

from aws_cdk import aws_dynamodb as dynamodb
from sundog import Api, App, Cron, Function, Queue, Table

app = App()


@app.stack
def storage(stack):
    notes = Table(stack, "notes", partition_key=("userId", "string"), sort_key=("noteId", "string"))
    # Any CDK construct can stand beside sundog's: deleted notes are kept here.
    archive = dynamodb.Table(
        stack,
        "archive",
        partition_key=dynamodb.Attribute(name="userId", type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name="noteId", type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
    )
    return notes, archive


@app.stack
def backend(stack):
    notes, archive = app.use(storage)

    send = Function(stack, "send", handler="functions/reminders.send", bind=[notes])
    reminders = Queue(stack, "reminders", consumer=send, partial_failures=True)

    delete = Function(
        stack,
        "delete",
        handler="functions/notes.delete",
        environment={"ARCHIVE_TABLE": archive.table_name},
    )
    archive.grant_write_data(delete.cdk.function)

    api = Api(
        stack,
        "api",
        bind=[notes, reminders],
        routes={
            "GET /notes": "functions/notes.list_notes",
            "POST /notes": "functions/notes.create",
            "GET /notes/{noteId}": "functions/notes.get",
            "PUT /notes/{noteId}": "functions/notes.update",
            "DELETE /notes/{noteId}": delete,
            "POST /notes/{noteId}/reminders": "functions/reminders.request",
            "GET /badge": "functions/badge.handler",
        },
    )
    Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", bind=[notes])
    stack.outputs(ApiUrl=api.url)


app.synth()
