"""A stage with several regions, deployed by the command as it is to AWS: only the endpoint is the embedded cloud's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

SETTINGS = """\
[tool.sundog]
name = "tworegions"
tags = { team = "orders" }

[tool.sundog.stages.prod]
regions = ["eu-west-1", "us-west-2"]
protected = true
tags = { cost = "42" }
"""
APP = """\
from sundog import App, Queue

app = App()


@app.stack
def backend(stack):
    orders = Queue(stack, "orders")
    stack.outputs(Url=orders.queue_url, Region=stack.region)


app.synth()
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("regions")
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "app.py").write_text(APP)
    return folder


@pytest.fixture(scope="module")
def aws(endpoint_url):
    """Clients of the account, which has been bootstrapped in both regions."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")

    def client(service, region):
        return session.client(service, region_name=region, endpoint_url=endpoint_url)

    for region in ("eu-west-1", "us-west-2"):
        client("ssm", region).put_parameter(
            Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String", Overwrite=True
        )
    return client


@pytest.fixture(scope="module")
def sundog(root, aws, endpoint_url):
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

    return run


def stacks(aws, region):
    listed = aws("cloudformation", region).describe_stacks()["Stacks"]
    return {stack["StackName"]: stack for stack in listed if "tworegions" in stack["StackName"]}


def test_a_stage_is_deployed_to_each_of_its_regions_and_removed_from_all(sundog, aws):
    deployed = sundog("deploy")

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    outputs = dict(line.split("=", 1) for line in deployed.stdout.splitlines())
    assert {name: outputs[name] for name in outputs if name.endswith("Region")} == {
        "eu-west-1/Region": "eu-west-1",
        "us-west-2/Region": "us-west-2",
    }
    for region in ("eu-west-1", "us-west-2"):
        (stack,) = stacks(aws, region).values()
        tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
        assert (tags["team"], tags["cost"], tags["sundog:stage"]) == ("orders", "42", "prod")

    kept = sundog("remove", "--yes", "--region", "us-west-2")
    narrowed = sundog("remove", "--yes", "--unprotect", "--region", "us-west-2")
    wrong = sundog("deploy", "--region", "us-west-1")

    assert kept.returncode == 3
    assert "the stage `prod` is protected" in kept.stderr
    assert narrowed.returncode == 0, narrowed.stderr
    assert stacks(aws, "us-west-2") == {}
    assert len(stacks(aws, "eu-west-1")) == 1
    assert wrong.returncode == 3
    assert "write `us-west-2`" in wrong.stderr
