"""The path of a stage in AWS, run against the embedded cloud in a region that nothing prepared."""

import io
import uuid
import zipfile

import pytest

from sundog.aws.endpoint import AwsConnection
from sundog.model.project import Stage

PARAMETER = "/cdk-bootstrap/hnb659fds/version"
REGIONS = iter(("eu-west-3", "eu-west-2", "eu-north-1", "eu-south-1", "ap-south-1"))


@pytest.fixture
def account(app, endpoint_url):
    """The app in a region of its own, as if `cdk bootstrap` were somebody else's business."""
    app.stage = Stage(name="prod", region=next(REGIONS))
    app.connection = AwsConnection(app.stage, endpoint_url=endpoint_url, bootstrapped=True)
    return app.connection


def bootstrap(connection, version="30"):
    connection.call_now("ssm", "put_parameter", {"Name": PARAMETER, "Value": version, "Type": "String"})


def make_bucket(connection):
    name = f"cdk-hnb659fds-assets-000000000000-{connection.region}"
    place = {"CreateBucketConfiguration": {"LocationConstraint": connection.region}}
    connection.call_now("s3", "create_bucket", {"Bucket": name, **place})
    return name


def test_an_account_that_is_not_bootstrapped_is_told_the_command(app, account, resources):
    app.assembly.stack("main", {"Queue": resources.queue()})
    error = app.failure()

    assert error.what == f"`aws://000000000000/{account.region}` is not bootstrapped for the CDK"
    assert error.fixes == (f"run `npx cdk bootstrap aws://000000000000/{account.region}` once",)


def test_a_bootstrap_that_is_too_old_is_told_both_versions(app, account, resources):
    bootstrap(account, "5")
    app.assembly.stack("main", {"Queue": resources.queue()})
    error = app.failure()

    assert error.what == (
        f"the CDK bootstrap of `aws://000000000000/{account.region}` has version 5, "
        f"`{app.assembly.name('main')}` needs 6"
    )


def test_a_bucket_that_was_removed_since_is_an_error(app, account, resources):
    bootstrap(account)
    source = app.assembly.folder / "asset.1"
    source.mkdir()
    (source / "file.txt").touch()
    app.assembly.stack("main", {"Queue": resources.queue()}, assets={"1": source})
    error = app.failure()

    assert error.code == "SD-DEPLOY-008"


def test_a_placeholder_is_built_before_it_goes_to_where_it_runs(app, account, resources):
    bootstrap(account)
    bucket = make_bucket(account)
    account.runs_code = True
    (app.project.root / "pyproject.toml").write_text("[tool.sundog]\nname = 'app'\n")
    (app.project.root / "handlers").mkdir()
    (app.project.root / "handlers" / "notes.py").write_text("def main(event, context):\n    return event\n")
    asset_id = uuid.uuid4().hex
    source = app.assembly.folder / f"asset.{asset_id}"
    source.mkdir()
    (source / "README.txt").touch()
    app.assembly.stack(
        "main",
        {"Role": resources.role(), "Handler": resources.function(f"{asset_id}.zip")},
        assets={asset_id: source},
    )
    app.assembly.function("main", "Handler", asset_hash=asset_id)
    app.deploy()
    body = account.call_now("s3", "get_object", {"Bucket": bucket, "Key": f"{asset_id}.zip"})["Body"].read()

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert "handlers/notes.py" in archive.namelist()
        assert "README.txt" not in archive.namelist()


def test_the_roles_of_the_bootstrap_deploy_where_there_are_some(app, account, resources):
    bootstrap(account)
    app.assembly.stack("main", {"Queue": resources.queue()})
    role = (
        "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-hnb659fds-%s-${AWS::AccountId}-${AWS::Region}"
    )
    app.assembly.artifacts["main"]["properties"] |= {
        "assumeRoleArn": role % "deploy-role",
        "cloudFormationExecutionRoleArn": role % "cfn-exec-role",
    }
    app.deploy()

    assert app.finished() == {"main": "created"}
