"""The full text of every error that a construct raises on bad input: reviewed like code, in the snapshot file."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module

import pytest

import sundog.constructs
from sundog.errors import SundogError

from .error_cases import apis, apps, data, events, functions

pytestmark = pytest.mark.xdist_group("cdk-contract")

HEADER = """
import aws_cdk
from aws_cdk import aws_apigateway as apigateway, aws_cognito as cognito, aws_dynamodb as dynamodb, aws_sqs as sqs
from sundog import *
app = App()
stack = Stack(app, "backend")
"""

CASES = {
    **functions.CASES,
    **apis.CASES,
    **data.CASES,
    **events.CASES,
    **apps.CASES,
}


def text_of(error: SundogError, root: str) -> str:
    fields = [f"{error.what}  [{error.code}]", f"where: {error.where}", f"why:   {error.why}"]
    return "\n".join([*fields, *(f"fix:   {fix}" for fix in error.fixes)]).replace(root, "<project>")


@pytest.mark.parametrize("case", CASES)
def test_message(project, snapshot, case):
    project.write("functions/asynchronous.py", "async def run(event, context): ...\n")
    project.write("tests/helper.py", "def run(event, context): ...\n")
    with pytest.raises(SundogError) as caught:
        project.run(f"{HEADER}{CASES[case]}\n")
    text = text_of(caught.value, str(project.root))

    assert text == snapshot
    assert "Token[" not in text
    assert isinstance(caught.value.where, object)
    assert caught.value.fixes


def test_syntax_errors_in_handlers_are_found_before_a_deploy(project, monkeypatch, snapshot):
    monkeypatch.setenv("SUNDOG_MODE", "deploy")
    project.write("functions/broken.py", "import os\n\ndef run(event, context:\n    pass\n")
    with pytest.raises(SundogError) as caught:
        project.run(f'{HEADER}Function(stack, "f", handler="functions/broken.run")\n')

    assert text_of(caught.value, str(project.root)) == snapshot


def test_syntax_errors_in_handlers_do_not_stop_dev(project):
    project.write("functions/broken.py", "def run(event, context:\n")
    names = project.run(f'{HEADER}f = Function(stack, "f", handler="functions/broken.run")\n')

    assert names["f"].function_entry().function == "run"


def test_an_unknown_mode(project, monkeypatch, snapshot):
    monkeypatch.setenv("SUNDOG_MODE", "prod")
    with pytest.raises(SundogError) as caught:
        project.run("from sundog import App\napp = App()\n")

    assert text_of(caught.value, str(project.root)) == snapshot


def test_context_that_is_not_json(project, snapshot):
    project.write("cdk.json", '{"app": ')
    with pytest.raises(SundogError) as caught:
        project.run("from sundog import App\napp = App()\n")

    assert text_of(caught.value, str(project.root)) == snapshot


def test_every_error_has_a_code_of_its_own_and_explains_itself():
    errors = {
        value
        for info in pkgutil.walk_packages(sundog.constructs.__path__, "sundog.constructs.")
        if "synth_worker" not in info.name
        for value in vars(import_module(info.name)).values()
        if inspect.isclass(value)
        and issubclass(value, SundogError)
        and value.__module__.startswith("sundog.constructs")
    }
    codes = [error.code for error in errors]

    assert len(set(codes)) == len(codes)
    assert [error for error in errors if not re.fullmatch(r"SD-[A-Z]+-\d{3}", error.code)] == []
    assert [error for error in errors if not (error.__doc__ or "").strip()] == []


def test_every_error_has_a_case(request):
    """Codes that no message in the snapshot shows are codes that nobody reviewed."""
    snapshot_file = request.path.parent / "__snapshots__" / f"{request.path.stem}.ambr"
    seen = set(re.findall(r"\[(SD-[A-Z]+-\d{3})\]", snapshot_file.read_text()))
    codes = {
        value.code
        for info in pkgutil.walk_packages(sundog.constructs.__path__, "sundog.constructs.")
        if "synth_worker" not in info.name
        for value in vars(import_module(info.name)).values()
        if inspect.isclass(value)
        and issubclass(value, SundogError)
        and value.__module__.startswith("sundog.constructs")
    }

    assert codes - seen == set()
