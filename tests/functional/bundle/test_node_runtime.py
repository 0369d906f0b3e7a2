"""`sundog-runtime` in a JavaScript handler: bundled by esbuild, run by Node, against a real socket."""

from __future__ import annotations

import json

import pytest
from sundog_runtime import Resources

pytestmark = pytest.mark.xdist_group("npm")

BOUND = {
    "SUNDOG_RESOURCE_NOTES": {
        "kind": "Table",
        "name": "notes",
        "table_name": "notes-1",
        "table_arn": "arn:t",
    },
    "SUNDOG_RESOURCE_MY_JOBS": {"kind": "Queue", "name": "my-jobs", "queue_url": "https://queue"},
    "SUNDOG_RESOURCE_LIMITS": {"kind": "Parameter", "name": "limits", "value": {"notes": [1, 2.5]}},
    "SUNDOG_RESOURCE_GIVEN": {"kind": "Secret", "name": "given", "value": "for tests"},
    "SUNDOG_RESOURCE_KEY": {
        "kind": "Secret",
        "name": "key",
        "parameter": "/sundog/a/prod/secrets/key",
        "fallback": "/sundog/a/.fallback/secrets/key",
    },
    "_HANDLER": "functions/notes.create",
}
ENVIRON = {name: value if isinstance(value, str) else json.dumps(value) for name, value in BOUND.items()}


@pytest.fixture
def bound_environ():
    return ENVIRON


def test_a_bound_resource_has_its_names_as_javascript_writes_them(evaluate):
    assert evaluate(
        "resources.notes.tableName",
        "resources['my-jobs'].queueUrl + resources.my_jobs.kind",
        "resources.limits.value",
        "resources.given.value()",
        "Object.keys(resources)",
        "['notes' in resources, 'my-jobs' in resources, 'other' in resources]",
        "JSON.parse(JSON.stringify(resources.notes)).tableArn",
    ) == [
        "notes-1",
        "https://queueQueue",
        {"notes": [1, 2.5]},
        "for tests",
        ["given", "key", "limits", "my_jobs", "notes"],
        [True, True, False],
        "arn:t",
    ]


def test_what_is_wrong_is_said_as_in_python(evaluate):
    def said_by_python(name):
        with pytest.raises(AttributeError) as error:
            getattr(Resources(ENVIRON), name)
        return f"{type(error.value).__name__}: {error.value}"

    assert evaluate("resources.orders", "resources.nots") == [
        said_by_python("orders"),
        said_by_python("nots"),
    ]
    assert evaluate("resources.notes.tablename", "resources.limits.zzz") == [
        "UnknownAttribute: Table `notes` has no `tablename`; did you mean `tableName`?",
        "UnknownAttribute: Parameter `limits` has no `zzz`; it has kind, name, value",
    ]


def test_an_sdk_that_is_not_installed_is_named(evaluate):
    assert evaluate("resources.my_jobs.client()") == [
        "Error: `resources.my-jobs.client()` needs @aws-sdk/client-sqs; run `npm install @aws-sdk/client-sqs`"
    ]


@pytest.fixture
def parameters(systems_manager):
    """A Systems Manager that fails from the third request on."""
    systems_manager.values = {"/sundog/a/.fallback/secrets/key": "fallen back"}
    systems_manager.answers = 2
    return systems_manager.environ, systems_manager


def test_a_secret_is_fetched_once_by_all_who_wait(evaluate, npm_packages, parameters):
    environ, handler = parameters

    assert evaluate(
        "Promise.all([resources.key.value(), resources.key.value()])",
        "resources.key.value()",
        node_modules=npm_packages,
        **environ,
    ) == [["fallen back", "fallen back"], "fallen back"]
    assert handler.asked == 1


def test_what_was_good_stays_and_a_missing_value_names_the_command(evaluate, npm_packages, parameters):
    environ, handler = parameters
    other = json.dumps(
        {
            **BOUND["SUNDOG_RESOURCE_KEY"],
            "name": "none",
            "parameter": "/sundog/a/prod/secrets/none",
            "fallback": "/f",
        }
    )

    assert evaluate(
        "resources.key.value()",
        "resources.none.value()",
        "resources.key.value()",
        node_modules=npm_packages,
        SUNDOG_SECRET_SECONDS="0",
        SUNDOG_RESOURCE_NONE=other,
        **environ,
    ) == [
        "fallen back",
        "SecretNotSet: the secret `none` has no value on the stage `prod`; run `sundog secret set none --stage prod`",
        "fallen back",
    ]
    assert handler.asked == 3
