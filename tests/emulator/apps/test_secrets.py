"""Secrets and parameters on the embedded cloud, read by functions that run live."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from sundog.aws.endpoint import AwsConnection
from sundog.session.secrets import Secrets

pytestmark = pytest.mark.xdist_group("apps-secrets")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "secrets") as running:
        yield running


@pytest.fixture
def call(app):
    """Invoke a function through the embedded cloud's Lambda; return its answer or its error."""

    def call(function, *names):
        response = app.aws("lambda").invoke(
            FunctionName=app.physical_name(function), Payload=json.dumps(names).encode()
        )
        return json.loads(response["Payload"].read())

    return call


@pytest.fixture
def secrets(app):
    """The secrets of the stage, or of all stages; every test starts without any."""

    def of(*, fallback=False):
        stage = app.project.stage(None)
        connection = AwsConnection(stage, endpoint_url=app.endpoint_url)
        return Secrets(connection, app.project, stage, fallback=fallback)

    def run(method, *arguments):
        return anyio.run(method, *arguments)

    for fallback in (False, True):
        for one in run(of(fallback=fallback).list):
            if one.is_fallback == fallback:
                run(of(fallback=fallback).remove, one.name)
    of.run = run
    return of


def test_a_secret_of_the_stage_goes_before_the_fallback(call, secrets):
    secrets.run(secrets(fallback=True).set, {"stripe_key": "for-all"})
    fallback = call("fetch", "stripe_key")
    secrets.run(secrets().set, {"stripe_key": "ünd ☀ own"})

    assert (fallback, call("fetch", "stripe_key")) == (
        {"stripe_key": "for-all"},
        {"stripe_key": "ünd ☀ own"},
    )


def test_a_value_is_fetched_once_and_kept(call, secrets):
    secrets.run(secrets().set, {"stripe_key": "first", "token": "t-1"})
    before = call("read", "stripe_key", "token"), call("fetch", "stripe_key")
    secrets.run(secrets().set, {"stripe_key": "second"})

    assert before == ({"stripe_key": "first", "token": "t-1"}, {"stripe_key": "first"})
    assert call("read", "stripe_key") == {"stripe_key": "first"}
    assert call("fetch", "stripe_key") == {"stripe_key": "second"}


def test_a_secret_without_a_value_names_the_command(call, secrets):
    error = call("fetch", "stripe_key")

    assert error["errorType"] == "SecretNotSet"
    assert error["errorMessage"] == (
        "the secret `stripe_key` has no value on the stage `local`; run `sundog secret set stripe_key --stage local`"
    )
    secrets.run(secrets().set, {"stripe_key": "set at last"})
    assert call("fetch", "stripe_key") == {"stripe_key": "set at last"}


def test_parameters_arrive_as_what_they_are(app, call):
    assert call("read", "limits", "place") == {"limits": {"notes": 100}, "place": app.project.settings.region}


def test_a_typescript_function_has_the_same_resources(call):
    unbound = call("node", "place")

    assert call("node", "limits") == {"limits": {"notes": 100}}
    assert unbound["errorType"] == "ResourceNotBound"
    assert (
        "add `bind=[place]` to the function with the handler `functions/limits.read`"
        in unbound["errorMessage"]
    )


def test_the_value_is_nowhere_in_what_was_deployed(app, secrets):
    secrets.run(secrets().set, {"stripe_key": "only-in-systems-manager"})
    stored = app.aws("ssm").describe_parameters()["Parameters"]
    assembly = app.project.assembly_dir("local")
    templates = "".join(file.read_text() for file in assembly.glob("*.template.json"))

    assert {one["Type"] for one in stored if one["Name"].endswith("stripe_key")} == {"SecureString"}
    assert "only-in-systems-manager" not in templates
    assert "ssm:GetParameters" in templates
    assert not any("only-in-systems-manager" in str(function.environment) for function in app.functions)


def test_more_secrets_than_one_page_has(secrets):
    values = {f"key_{number:02}": f"value {number}" for number in range(23)}
    secrets.run(secrets().set, values)

    assert {one.name: one.value for one in secrets.run(secrets().list)} == values
