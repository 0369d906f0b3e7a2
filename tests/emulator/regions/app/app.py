"""Of everything that a command takes to a region one, so that two regions can be told apart."""

from sundog import App, Bucket, Database, Function, Script, Secret, StaticSite, Table

app = App()


@app.stack
def backend(stack):
    key = Secret(stack, "stripe_key")
    notes = Table(stack, "notes", partition_key=("id", "string"))
    database = Database(stack, "main", migrations="migrations")
    Function(
        stack,
        "look",
        handler="functions/look.handler",
        bind=[key, notes, database],
        environment={"SUNDOG_SECRET_SECONDS": "0", "PRICES": stack.region},
        timeout=20,
    )
    Script(stack, "seed", on_create="functions/seed.run", params={"region": stack.region}, bind=[notes])
    site = StaticSite(stack, "web", path="web", environment={"REGION": stack.region})
    files = Bucket(stack, "files", contents="files")
    stack.outputs(Region=stack.region, Files=files.bucket_name, Table=notes.table_name, Web=site.url)


app.synth()
