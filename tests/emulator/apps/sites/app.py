import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_cloudfront_origins as origins
import aws_cdk.aws_s3 as s3

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
    # A distribution of the user's own, before a bucket of the user's own.
    bucket = s3.Bucket(stack, "own-bucket", removal_policy=app.removal_policy)
    behavior = cloudfront.BehaviorOptions(origin=origins.S3BucketOrigin.with_origin_access_control(bucket))
    distribution = cloudfront.Distribution(
        stack, "own-distribution", default_behavior=behavior, default_root_object="index.html"
    )
    own = StaticSite(stack, "own", path="web", cdk={"bucket": bucket, "distribution": distribution})
    stack.outputs(Own=own.url)
    stack.outputs(Files=files.bucket_name, Plain=site.url, Built=built.url)


app.synth()
