from sundog import App, Script, Stack, Table

VERSION = "1"

app = App()
stack = Stack(app, "backend")
users = Table(stack, "users", partition_key=("id", "string"))
seed = Script(
    stack,
    "seed",
    on_create="functions/seed.run",
    on_update="functions/seed.run",
    on_delete="functions/seed.clear",
    params={"table": users.table_name, "count": 2, "version": VERSION},
    bind=[users],
)
stack.outputs(Users=users.table_name)
app.synth()
