from sundog import Api, App, Bucket, StaticSite

app = App()


@app.stack
def backend(stack):
    return Api(stack, "api", routes={"GET /": "functions/hello.handler"})


@app.stack
def frontend(stack):
    api = app.use(backend)
    site = StaticSite(
        stack,
        "plain",
        path="web",
        environment={"API_URL": api.url},
        error_page="missing.html",
        file_rules={"*.txt": {"cache_control": "max-age=60", "content_type": "text/x-notes"}},
    )
    built = StaticSite(
        stack,
        "built",
        path="source",
        build_command="sh build.sh",
        environment={"API_URL": api.url, "TITLE": "Built"},
    )
    files = Bucket(stack, "files", contents="files")
    stack.outputs(Files=files.bucket_name, Plain=site.url, Built=built.url)


app.synth()
