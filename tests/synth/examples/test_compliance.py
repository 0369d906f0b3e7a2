"""The templates of all examples pass cfn-lint, and cdk-nag's AWS Solutions rules but for what docs/compliance.md explains.

They do so on the stage of `sundog dev`, on a stage that a developer has in AWS, and on the protected one in each of its regions.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint

from sundog.bundle.node import node_binary
from sundog.model.project import find_project

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "compliance.md"
EXAMPLES = sorted(app.parent for app in (ROOT / "examples").glob("*/app.py"))

pytestmark = pytest.mark.xdist_group("compliance")

REMEDIED = """
import aws_cdk.aws_iam as iam
from sundog import App, Function, Queue, Table

app = App()


@app.stack
def backend(stack):
    notes = Table(stack, "notes", partition_key=("id", "string"), point_in_time_recovery=True)
    Queue(stack, "jobs", dead_letter=True)
    role = iam.Role(stack, "role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    Function(
        stack, "get", handler="functions/notes.get", bind=[notes], runtime="python3.14", cdk={"function": {"role": role}}
    )


app.synth()
"""

Findings = dict[str, list[str]]
"""The constructs that each rule found."""


def checked(folder: Path, targets: Iterable[str]) -> dict[str, Path]:
    """Synthesize an app; return its cloud assemblies by stage and region, with cdk-nag's report in each."""
    outdir = folder.parent / "assemblies"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")} | {
        "JSII_NODE": str(node_binary()),
        "SUNDOG_MODE": "dev",  # the templates are the same, and nothing is built
    }
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("nag.py")), str(outdir), *targets],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return {target: outdir / target.replace("/", "-") for target in targets}


def stages_of(folder: Path) -> list[str]:
    regions = find_project(folder).regions("prod", None)
    return ["local/eu-west-1", "alice/eu-west-1", *(f"prod/{region or 'eu-west-1'}" for region in regions)]


@pytest.fixture(scope="module")
def assemblies_of(tmp_path_factory) -> Callable[[Path], dict[str, Path]]:
    """Returns an example's cloud assemblies, made once."""

    @functools.cache
    def assemblies_of(example: Path) -> dict[str, Path]:
        folder = tmp_path_factory.mktemp("example") / example.name
        shutil.copytree(example, folder, ignore=shutil.ignore_patterns(".sundog", "cdk.out", "node_modules"))
        return checked(folder, stages_of(folder))

    return assemblies_of


@pytest.fixture(params=EXAMPLES, ids=lambda folder: folder.name)
def assemblies(request, assemblies_of) -> dict[str, Path]:
    return assemblies_of(request.param)


def found(assembly: Path) -> Findings:
    report = json.loads((assembly / "validation-report.json").read_bytes())
    # A pack that found nothing is not in the report.
    of_nag = [plugin for plugin in report["pluginReports"] if plugin["pluginName"] == "AwsSolutions"]
    rules: Findings = defaultdict(list)
    for violation in [violation for plugin in of_nag for violation in plugin["violations"]]:
        rules[violation["ruleName"]] += [one["constructPath"] for one in violation["violatingConstructs"]]
    return dict(rules)


def explained() -> dict[str, re.Pattern[str]]:
    """Return what the page explains, as patterns of findings: `…` stands for any text."""
    cells = re.findall(r"^\| (`AwsSolutions-.*?) \|", DOCS.read_text("utf-8"), re.MULTILINE)
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return {name: re.compile(re.escape(name).replace("…", ".*")) for name in names}


def test_each_finding_of_the_aws_solutions_rules_is_explained(assemblies):
    patterns = explained().values()
    unexplained = {
        (target, finding): places
        for target, assembly in assemblies.items()
        for finding, places in found(assembly).items()
        if not any(pattern.fullmatch(finding) for pattern in patterns)
    }

    assert unexplained == {}


def test_no_explanation_is_left_over(assemblies_of):
    findings = {
        finding
        for example in EXAMPLES
        for assembly in assemblies_of(example).values()
        for finding in found(assembly)
    }
    left_over = [
        name
        for name, pattern in explained().items()
        if not any(pattern.fullmatch(finding) for finding in findings)
    ]

    assert left_over == []


def test_the_rules_are_really_applied(assemblies):
    # A role with the managed policy for logs is the least that they see in every example.
    assert all(any("IAM4" in finding for finding in found(assembly)) for assembly in assemblies.values())


def test_cfn_lint_finds_no_error(assemblies):
    regions = sorted({target.partition("/")[2] for target in assemblies})
    # Stages and regions whose templates differ in nothing but these names are looked at once.
    templates: dict[str, tuple[str, str]] = {}
    for target, assembly in assemblies.items():
        for file in assembly.glob("*.template.json"):
            text = file.read_text("utf-8")
            templates[re.sub("|".join(target.split("/")), "", text)] = (f"{target}/{file.name}", text)
    matches = [
        f"{name}: {match}"
        for name, text in templates.values()
        for match in lint(text, config=ManualArgs(regions=regions))
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

    assert found(checked(folder, ["prod/eu-west-1"])["prod/eu-west-1"]) == {}
