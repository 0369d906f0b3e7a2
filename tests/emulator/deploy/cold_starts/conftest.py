"""A stage that is deployed as on AWS; only the endpoint is the embedded cloud's. No session runs: the emulator runs the packages."""

from __future__ import annotations

import os
import subprocess
import sys

import boto3
import pytest

APP = """\
from aws_cdk.aws_lambda import LoggingFormat

from sundog import App, Function

app = App()
JSON = LoggingFormat.JSON


@app.stack
def backend(stack):
    Function(stack, "report", handler="functions/report.handler")
    Function(stack, "quick", handler="functions/report.handler", runtime="python3.13", snap_start=True)
    Function(stack, "busy", handler="functions/report.handler")
    Function(stack, "silent", handler="functions/report.handler")
    Function(stack, "idle", handler="functions/report.handler")
    Function(stack, "told", handler="functions/report.handler", cdk={"function": {"logging_format": JSON}})
    Function(stack, "hot", handler="functions/hot.handler", memory=512, warm=3)
    Function(stack, "hotjs", handler="functions/hot_js.handler", memory=512, warm=2)


app.synth()
"""
FILES = {
    "app.py": APP,
    "functions/report.py": "def handler(event, context):\n    return event\n",
    "functions/hot.py": "def handler(event, context):\n    print('the handler saw', event)\n    return event\n",
    "functions/hot_js.ts": "export const handler = async (event: any) => {\n"
    "  console.log('the handler saw', event);\n  return event;\n};\n",
}
REGION = "eu-west-1"
STACK = "prod-coldstarts-backend"


@pytest.fixture(scope="package")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coldstarts")
    settings = f'[tool.sundog]\nname = "coldstarts"\nregion = "{REGION}"\n'
    for name, text in {"pyproject.toml": settings, **FILES}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="package")
def client(endpoint_url):
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    return lambda service: session.client(service, endpoint_url=endpoint_url)


@pytest.fixture(scope="package")
def sundog(root, client, endpoint_url):
    """Runs a command on the stage `prod`, which is deployed to an account that is bootstrapped."""
    client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String", Overwrite=True
    )
    client("s3").create_bucket(
        Bucket=f"cdk-hnb659fds-assets-000000000000-{REGION}",
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "CDK_VALIDATION": "false",
    }

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "sundog", *arguments, "--stage", "prod"],
            cwd=root,
            env=environ,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    run.deployed = run("deploy")
    assert run.deployed.returncode == 0, run.deployed.stdout + run.deployed.stderr
    return run


@pytest.fixture(scope="package")
def physical_name(client, sundog):
    def name(logical):
        stack = client("cloudformation").describe_stack_resources(StackName=STACK)
        found = [
            one["PhysicalResourceId"]
            for one in stack["StackResources"]
            if one["ResourceType"] == "AWS::Lambda::Function" and one["LogicalResourceId"].startswith(logical)
        ]
        assert len(found) == 1, (logical, stack["StackResources"])
        return found[0]

    return name
