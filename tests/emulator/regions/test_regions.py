"""Every command on a stage with several regions, and what becomes of the others when one fails."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from sundog.cli.dotenv import parse_dotenv

REGIONS = ("eu-west-1", "us-west-2")
STACK = "prod-tworegions-backend"

pytestmark = [pytest.mark.usefixtures("deployed"), pytest.mark.xdist_group("two-regions")]


@pytest.fixture(autouse=True)
def no_secret_is_set(client):
    for region in REGIONS:
        parameters = client("ssm", region)
        pages = parameters.get_paginator("get_parameters_by_path").paginate(
            Path="/sundog/tworegions", Recursive=True
        )
        for name in [one["Name"] for page in pages for one in page["Parameters"]]:
            parameters.delete_parameter(Name=name)


@pytest.fixture
def outputs(deployed):
    """What the first deploy wrote, by region."""
    found = {region: {} for region in REGIONS}
    for line in deployed.stdout.splitlines():
        place, _, value = line.partition("=")
        region, _, name = place.partition("/")
        found[region][name] = value
    return found


@pytest.fixture
def look(sundog):
    """Have the function of a region say what it sees."""

    def look(region):
        done = sundog("invoke", "look", "--region", region)
        assert done.code == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return look


@pytest.fixture
def rows(client):
    """Read the table of a region's database, without the function."""

    def rows(region):
        found = client("cloudformation", region).describe_stack_resources(StackName=STACK)["StackResources"]
        identity = {one["ResourceType"]: one["PhysicalResourceId"] for one in found}
        answer = client("rds-data", region).execute_statement(
            resourceArn=f"arn:aws:rds:{region}:000000000000:cluster:{identity['AWS::RDS::DBCluster']}",
            secretArn=identity["AWS::SecretsManager::Secret"],
            database="main",
            sql="select name from notes order by name",
        )
        return [record[0]["stringValue"] for record in answer["records"]]

    return rows


def parameters(client, region):
    found = client("ssm", region).get_parameters_by_path(
        Path="/sundog/tworegions/prod/secrets", WithDecryption=True
    )
    return {one["Name"].rpartition("/")[2]: one["Value"] for one in found["Parameters"]}


def test_each_region_has_resources_of_its_own(client, outputs):
    assert [outputs[region]["Region"] for region in REGIONS] == list(REGIONS)
    for region, other in (REGIONS, REGIONS[::-1]):
        stacks = client("cloudformation", region)
        (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
        assert f":{region}:" in stack["StackId"]
        mine = {
            one["PhysicalResourceId"]
            for one in stacks.describe_stack_resources(StackName=STACK)["StackResources"]
        }
        functions = {one["FunctionName"] for one in client("lambda", region).list_functions()["Functions"]}
        assert {name for name in functions if name.startswith(STACK)} == functions & mine
        assert client("dynamodb", region).list_tables()["TableNames"] == [outputs[region]["Table"]]
        (group,) = client("logs", region).describe_log_groups(logGroupNamePrefix="/aws/lambda/prod")[
            "logGroups"
        ][:1]
        assert f":{region}:" in group["arn"]
        assert outputs[region]["Files"] != outputs[other]["Files"]


def test_tags_of_app_and_stage_are_on_all_resources_of_every_region(client, outputs):
    wanted = {"team": "orders", "cost": "42", "sundog:stage": "prod", "sundog:app": "tworegions"}
    for region in REGIONS:
        (stack,) = client("cloudformation", region).describe_stacks(StackName=STACK)["Stacks"]
        table = client("dynamodb", region).describe_table(TableName=outputs[region]["Table"])["Table"]
        tagged = {
            "stack": stack["Tags"],
            "table": client("dynamodb", region).list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"],
            "bucket": client("s3", region).get_bucket_tagging(Bucket=outputs[region]["Files"])["TagSet"],
        }
        for tags in tagged.values():
            assert {tag["Key"]: tag["Value"] for tag in tags}.items() >= wanted.items()
        names = client("lambda", region).list_functions()["Functions"]
        for function in names:
            found = client("lambda", region).list_tags(Resource=function["FunctionArn"])["Tags"]
            assert found.items() >= wanted.items()


def test_files_are_uploaded_in_every_region(client, outputs):
    for region in REGIONS:
        stored = client("s3", region).get_object(Bucket=outputs[region]["Files"], Key="read.txt")
        assert stored["Body"].read() == b"a file\n"


def test_a_secret_is_seen_by_the_functions_of_every_region_without_a_deploy(sundog, look):
    first = sundog("secret", "set", "stripe_key", "sk-first-1111")
    before = [look(region) for region in REGIONS]
    second = sundog("secret", "set", "stripe_key", "sk-second-2222")

    assert first.stderr == "✓ stripe_key is set on the stage prod in eu-west-1, us-west-2\n"
    assert [(seen["region"], seen["key"], seen["seeded"]) for seen in before] == [
        (region, "sk-first-1111", [region]) for region in REGIONS
    ]
    # Another test adds to what the first migration has written.
    assert [seen["rows"][:1] for seen in before] == [["first"], ["first"]]
    assert second.code == 0
    assert [look(region)["key"] for region in REGIONS] == ["sk-second-2222", "sk-second-2222"]


def test_a_secret_that_differs_between_regions_is_shown_as_it_is(sundog):
    sundog("secret", "set", "stripe_key", "sk-both-1111")
    same = sundog("secret", "get", "stripe_key").stdout, sundog("secret", "list").stdout
    sundog("secret", "set", "stripe_key", "sk-west-2222", "--region", "us-west-2")
    differs = sundog("secret", "get", "stripe_key")

    assert same == ("sk-both-1111\n", "stripe_key  set\n")
    assert (differs.code, differs.stdout) == (3, "")
    assert "sk-" not in differs.stderr
    assert "eu-west-1, us-west-2 differ" in differs.stderr
    assert sundog("secret", "list", "--env").code == 3
    assert sundog("secret", "get", "stripe_key", "--region", "us-west-2").stdout == "sk-west-2222\n"
    listed = [json.loads(line) for line in sundog("secret", "list", "--values", "--json").stdout.splitlines()]
    assert [(one["region"], one["value"]) for one in listed] == [
        ("eu-west-1", "sk-both-1111"),
        ("us-west-2", "sk-west-2222"),
    ]


def test_a_large_value_with_control_characters_comes_back_as_it_was(sundog):
    start = "\x1b[31m\x01\t\"'\\ ☀\n"
    value = start + "x" * (8192 - len(start.encode()))
    done = sundog("secret", "set", "stripe_key", value)
    listed = sundog("secret", "list", "--values").stdout

    assert done.code == 0, done.stderr
    assert sundog("secret", "get", "stripe_key").stdout == f"{value}\n"
    assert parse_dotenv(sundog("secret", "list", "--env").stdout, "stdout") == {"stripe_key": value}
    assert listed.startswith("stripe_key  set  \\x1b[31m\\x01\\t")
    assert listed.count("\n") == 1


def test_a_secret_that_fails_in_one_region_is_set_in_the_other_and_the_next_run_finishes(
    sundog, open_gate, client
):
    sundog("secret", "set", "stripe_key", "sk-old-1111")
    open_gate.refused.add(("us-west-2", "ssm"))
    failed = sundog("secret", "set", "stripe_key", "sk-new-2222")
    described = json.loads(sundog("secret", "set", "stripe_key", "sk-new-2222", "--json").stdout)
    halfway = [parameters(client, region)["stripe_key"] for region in REGIONS]
    open_gate.refused.clear()
    again = sundog("secret", "set", "stripe_key", "sk-new-2222")

    assert failed.code == 4
    assert "error: failed in us-west-2, done in eu-west-1" in failed.stderr
    assert "hint: run the command again" in failed.stderr
    assert "the gate is shut" in failed.stderr
    assert described["regions"] == {"failed": ["us-west-2"], "done": ["eu-west-1"], "not_begun": []}
    assert [error["region"] for error in described["errors"]] == ["us-west-2"]
    assert halfway == ["sk-new-2222", "sk-old-1111"]
    assert again.code == 0
    assert [parameters(client, region)["stripe_key"] for region in REGIONS] == ["sk-new-2222", "sk-new-2222"]


def test_a_secret_is_removed_where_it_is_set_and_a_failure_in_one_region_is_made_up_for(
    sundog, open_gate, client
):
    sundog("secret", "set", "stripe_key", "sk-going-1111")
    open_gate.refused.add(("eu-west-1", "ssm"))
    failed = sundog("secret", "remove", "stripe_key")
    open_gate.refused.clear()
    again = sundog("secret", "remove", "stripe_key")
    nothing = sundog("secret", "remove", "stripe_key")

    assert (failed.code, "failed in eu-west-1, done in us-west-2" in failed.stderr) == (4, True)
    assert again.stderr == "✓ stripe_key is removed on the stage prod in eu-west-1\n"
    assert [parameters(client, region) for region in REGIONS] == [{}, {}]
    assert nothing.code == 3
    assert "the secret `stripe_key` is not set on the stage `prod`" in nothing.stderr


def test_ctrl_c_while_one_region_waits_says_which_are_done(start, open_gate, client, tmp_path):
    (tmp_path / "two.env").write_text("stripe_key=sk-stopped-1111\nother_key=sk-stopped-2222\n")
    open_gate.waiting.clear()
    open_gate.opened.clear()
    open_gate.held.add(("us-west-2", "ssm"))
    terminal, stderr = os.openpty()
    process = start("secret", "load", str(tmp_path / "two.env"), "--stage", "prod", stderr=stderr)
    os.close(stderr)
    assert open_gate.waiting.wait(120)
    while "other_key" not in parameters(client, "eu-west-1"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    said = b""
    while b"stopping" not in said:
        said += os.read(terminal, 1024)
    open_gate.opened.set()
    process.communicate(timeout=60)
    said += os.read(terminal, 4096)
    os.close(terminal)

    assert process.returncode == 130
    assert "interrupted: us-west-2 · ended before: eu-west-1" in said.decode()
    assert "other_key" not in parameters(client, "us-west-2")


def test_a_fallback_counts_in_every_region_until_it_is_removed(sundog):
    sundog("secret", "set", "stripe_key", "sk-fallback-1111", "--fallback")
    sundog("secret", "remove", "stripe_key")
    value, listed = sundog("secret", "get", "stripe_key").stdout, sundog("secret", "list").stdout
    removed = sundog("secret", "remove", "stripe_key", "--fallback")

    assert (value, listed) == ("sk-fallback-1111\n", "stripe_key  fallback\n")
    assert removed.stderr == (
        "✓ stripe_key is removed for all stages without their own in eu-west-1, us-west-2\n"
    )
    assert sundog("secret", "get", "stripe_key").code == 3


def test_migrations_run_once_in_each_region_and_stop_at_the_first_that_fails(sundog, root, open_gate, rows):
    (root / "migrations/0002_more.sql").write_text("insert into notes values ('second');\n")
    open_gate.refused.add(("eu-west-1", "rds-data"))
    stopped = sundog("migrate")
    open_gate.refused.clear()
    before = [rows(region) for region in REGIONS]
    ran = sundog("migrate")
    nothing = sundog("migrate")

    assert stopped.code == 4
    assert "failed in eu-west-1, not begun in us-west-2" in stopped.stderr
    assert before == [["first"], ["first"]]
    assert ran.stderr.count("Database `main`: 0002_more ran") == 2
    assert [rows(region) for region in REGIONS] == [["first", "second"], ["first", "second"]]
    assert nothing.stderr.count("Database `main` has all migrations") == 2


def test_a_program_runs_with_the_bindings_of_the_region_that_is_named(start, outputs):
    code = "import os; from sundog_runtime import resources; print(os.environ['AWS_REGION'], resources.notes.table_name)"
    process = start("run", "--stage", "prod", "--region", "us-west-2", "--", sys.executable, "-c", code)
    stdout, stderr = process.communicate(timeout=120)

    assert stdout == f"us-west-2 {outputs['us-west-2']['Table']}\n", stderr


def test_a_build_has_a_folder_for_each_region(sundog, tmp_path):
    built = sundog("build", "--to", str(tmp_path / "built"))
    folders = [tmp_path / "built" / region for region in REGIONS]

    assert built.stdout.splitlines() == [str(folder) for folder in folders], built.stderr
    assert [(folder / "sundog.json").is_file() for folder in folders] == [True, True]


def test_a_deploy_that_fails_in_a_region_begins_no_other(sundog, open_gate):
    open_gate.refused.add(("eu-west-1", "cloudformation"))
    stopped = sundog("deploy")
    open_gate.refused = {("us-west-2", "cloudformation")}
    halfway = sundog("deploy")

    assert stopped.code == 4
    assert "failed in eu-west-1, not begun in us-west-2" in stopped.stderr
    assert stopped.stdout == ""
    assert halfway.code == 4
    assert "failed in us-west-2, done in eu-west-1" in halfway.stderr
    assert {line.partition("/")[0] for line in halfway.stdout.splitlines()} == {"eu-west-1"}


def test_a_region_or_a_stage_that_there_is_not_is_said(sundog):
    wrong = sundog("deploy", "--region", "us-west-1")
    misspelt = sundog("secret", "list", stage="prd")

    assert wrong.code == 3
    assert "write `us-west-2`" in wrong.stderr
    assert "pyproject.toml has no stage `prd`; did you mean `prod`?" in misspelt.stderr


def test_the_removal_of_one_region_does_not_keep_the_others(sundog, open_gate, client, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.sundog]\nname = "shortlived"\n[tool.sundog.stages.prod]\nregions = ["eu-west-1", "us-west-2"]\n'
    )
    (tmp_path / "app.py").write_text(
        "from sundog import App, Queue, Stack\n\napp = App()\nQueue(Stack(app, 'backend'), 'q')\napp.synth()\n"
    )
    template = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    for region in REGIONS:
        client("cloudformation", region).create_stack(
            StackName="prod-shortlived-backend", TemplateBody=template
        )

    def stacks():
        found = {region: client("cloudformation", region).describe_stacks()["Stacks"] for region in REGIONS}
        return {
            region: sum("shortlived" in one["StackName"] for one in every) for region, every in found.items()
        }

    open_gate.refused.add(("eu-west-1", "cloudformation"))
    failed = sundog("remove", "--yes", folder=tmp_path)
    halfway = stacks()
    open_gate.refused.clear()
    again = sundog("remove", "--yes", folder=tmp_path)

    assert failed.code == 4
    assert "failed in eu-west-1, done in us-west-2" in failed.stderr
    assert halfway == {"eu-west-1": 1, "us-west-2": 0}
    assert again.code == 0, again.stderr
    assert stacks() == {"eu-west-1": 0, "us-west-2": 0}
