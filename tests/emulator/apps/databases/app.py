from sundog import App, Database, Function, Stack

app = App()
stack = Stack(app, "backend")
database = Database(stack, "main", migrations="migrations")
Function(stack, "sql", handler="functions/sql.run", bind=[database], timeout=20)
app.synth()
