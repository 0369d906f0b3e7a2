"""The templates of all examples pass cfn-lint, and cdk-nag's AWS Solutions rules but for what docs/compliance.md explains."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint

from sundog.bundle.node import node_binary

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "compliance.md"
EXAMPLES = sorted(app.parent for app in (ROOT / "examples").glob("notes/app.py"))


REMEDIED = """
import aws_cdk.aws_iam as iam
from sundog import App, Function, Queue, Table

app = App()


@app.stack
def backend(stack):
    point_in_time = {"point_in_time_recovery_specification": {"point_in_time_recovery_enabled": True}}
    notes = Table(stack, "notes", partition_key=("id", "string"), cdk={"table": point_in_time})
    Queue(stack, "jobs", dead_letter=True, cdk={
        "queue": {"enforce_ssl": True}, "dead_letter_queue": {"enforce_ssl": True}
    })
    role = iam.Role(stack, "role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    Function(
        stack, "get", handler="functions/notes.get", bind=[notes], runtime="python3.14", cdk={"function": {"role": role}}
    )


app.synth()
"""


def checked(folder: Path) -> Path:
    """Synthesize an app for a stage in AWS; return its cloud assembly, with cdk-nag's report in it."""
    outdir = folder.parent / "assembly"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")} | {
        "CDK_OUTDIR": str(outdir),
        "CDK_DEFAULT_REGION": "eu-west-1",
        "JSII_NODE": str(node_binary()),
        "SUNDOG_STAGE": "prod",
        "SUNDOG_MODE": "dev",  # the templates are the same, and nothing is built
    }
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("nag.py"))],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    # The CDK ends with an error when a rule found something: what it found is in the report.
    assert (outdir / "validation-report.json").exists(), ran.stdout + ran.stderr
    return outdir


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda folder: folder.name)
def assembly(request, tmp_path_factory) -> Path:
    """An example's cloud assembly."""
    folder = tmp_path_factory.mktemp("example") / request.param.name
    shutil.copytree(
        request.param, folder, ignore=shutil.ignore_patterns(".sundog", "cdk.out", "node_modules")
    )
    return checked(folder)


def found(assembly: Path) -> dict[str, list[str]]:
    """Return the constructs that each rule found."""
    report = json.loads((assembly / "validation-report.json").read_bytes())
    # A pack that found nothing is not in the report.
    of_nag = [plugin for plugin in report["pluginReports"] if plugin["pluginName"] == "AwsSolutions"]
    rules: dict[str, list[str]] = {}
    for violation in [violation for plugin in of_nag for violation in plugin["violations"]]:
        name = violation["ruleName"].partition("[")[0].removeprefix("AwsSolutions-")
        rules.setdefault(name, []).extend(one["constructPath"] for one in violation["violatingConstructs"])
    return rules


def explained() -> set[str]:
    return set(re.findall(r"^\| \[?`AwsSolutions-(\w+)`", DOCS.read_text("utf-8"), re.MULTILINE))


def test_each_finding_of_the_aws_solutions_rules_is_explained(assembly):
    unexplained = {rule: places for rule, places in found(assembly).items() if rule not in explained()}

    assert unexplained == {}


def test_the_rules_are_really_applied(assembly):
    # A role with the managed policy for logs is the least that they see in every example.
    assert "IAM4" in found(assembly)


def test_cfn_lint_finds_no_error(assembly):
    templates = list(assembly.glob("*.template.json"))
    matches = [
        f"{template.name}: {match}"
        for template in templates
        for match in lint(template.read_text(), config=ManualArgs(regions=["eu-west-1"]))
        if match.rule.severity == "error"
    ]

    assert templates
    assert matches == []


def test_what_the_page_says_to_write_satisfies_the_rules(tmp_path):
    folder = tmp_path / "remedied"
    (folder / "functions").mkdir(parents=True)
    (folder / "functions" / "notes.py").write_text("def get(event, context): ...\n")
    (folder / "pyproject.toml").write_text('[tool.sundog]\nname = "remedied"\n')
    (folder / "app.py").write_text(REMEDIED)

    assert found(checked(folder)) == {}
