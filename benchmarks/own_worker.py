"""The same handler in the embedded cloud without a session: run by the emulator's own worker."""

from __future__ import annotations

import io
import zipfile

from benchmarks import handlers
from sundog.aws.embedded.addresses import url_for

NAME = "benchmark-own-worker"


def deploy_without_session(endpoint_url: str) -> str:
    """Create a function and an HTTP API before it with plain AWS calls; return the API's URL."""
    import boto3

    session = boto3.Session(
        aws_access_key_id="000000000000", aws_secret_access_key="local", region_name="us-east-1"
    )
    function = session.client("lambda", endpoint_url=endpoint_url).create_function(
        FunctionName=NAME,
        Runtime="python3.11",
        Handler="handler.index",
        Role="arn:aws:iam::000000000000:role/benchmark",
        Code={"ZipFile": _package()},
        Timeout=30,
        MemorySize=512,
    )
    gateway = session.client("apigatewayv2", endpoint_url=endpoint_url)
    api = gateway.create_api(Name=NAME, ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="GET /", Target=f"integrations/{integration}")
    return url_for(endpoint_url, "api", api) + "/"


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", handlers.LAMBDA.substitute(version=0))
    return buffer.getvalue()
