from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import sundog_runtime
from sundog_runtime import ResourceNotBound, Resources, UnknownAttribute

NOTES = json.dumps({"kind": "Table", "name": "notes", "table_name": "notes-1", "table_arn": "arn:table"})
JOBS = json.dumps(
    {"kind": "Queue", "name": "my-jobs", "queue_url": "https://queue", "queue_arn": "a", "queue_name": "q"}
)
ENVIRON = {
    "SUNDOG_RESOURCE_NOTES": NOTES,
    "SUNDOG_RESOURCE_MY_JOBS": JOBS,
    "_HANDLER": "functions/notes.create",
}


@pytest.fixture
def resources() -> Resources:
    return Resources(dict(ENVIRON))


def message_of(error: pytest.ExceptionInfo[Exception]) -> str:
    return str(error.value)


def test_a_bound_resource_has_its_names(resources):
    assert (resources.notes.table_name, resources.notes.table_arn) == ("notes-1", "arn:table")
    assert (resources.notes.kind, resources.notes.name) == ("Table", "notes")


def test_a_hyphen_is_an_underscore_or_a_key(resources):
    assert resources.my_jobs.queue_url == "https://queue"
    assert resources["my-jobs"] is resources.my_jobs


def test_what_is_bound_can_be_listed(resources):
    assert list(resources) == ["my_jobs", "notes"]
    assert dir(resources) == ["my_jobs", "notes"]
    assert "my-jobs" in resources
    assert "orders" not in resources


def test_an_unbound_resource_names_the_line_to_add(resources):
    with pytest.raises(ResourceNotBound) as error:
        _ = resources.orders

    assert message_of(error) == (
        "`resources.orders` is not bound to the function with the handler `functions/notes.create`; "
        "add `bind=[orders]` to the function with the handler `functions/notes.create` in `app.py`; "
        "bound to it: my_jobs, notes"
    )


def test_an_unbound_resource_of_a_function_with_none(monkeypatch):
    with pytest.raises(ResourceNotBound) as error:
        _ = Resources({}).orders

    assert message_of(error) == (
        "`resources.orders` is not bound to this function; add `bind=[orders]` to this function in `app.py`"
    )


def test_a_misspelt_resource_is_corrected(resources):
    with pytest.raises(ResourceNotBound) as error:
        _ = resources.nots

    assert message_of(error) == (
        "`resources.nots` is not bound to the function with the handler `functions/notes.create`; "
        "did you mean `resources.notes`?"
    )


def test_a_misspelt_attribute_is_corrected(resources):
    with pytest.raises(UnknownAttribute) as error:
        _ = resources.notes.tablename

    assert message_of(error) == "Table `notes` has no `tablename`; did you mean `table_name`?"


def test_an_unknown_attribute_lists_the_known_ones(resources):
    with pytest.raises(UnknownAttribute) as error:
        _ = resources.my_jobs.zzz

    assert message_of(error) == (
        "Queue `my-jobs` has no `zzz`; it has client, kind, name, queue_arn, queue_name, queue_url"
    )


def test_a_changed_environment_is_read_again():
    environ = dict(ENVIRON)
    resources = Resources(environ)
    before = resources.notes.table_name
    environ["SUNDOG_RESOURCE_NOTES"] = NOTES.replace("notes-1", "notes-2")

    assert (before, resources.notes.table_name) == ("notes-1", "notes-2")


def test_a_kind_from_a_newer_sundog_still_has_its_values():
    text = json.dumps({"kind": "Bucket", "name": "files", "bucket_name": "files-1"})

    assert Resources({"SUNDOG_RESOURCE_FILES": text}).files.bucket_name == "files-1"


def test_clients_are_made_once_and_only_when_asked_for(resources, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    table = resources.notes.table

    assert table.name == "notes-1"
    assert resources.notes.table is table
    assert resources.notes.client is resources.notes.client
    assert resources.my_jobs.client.meta.service_model.service_name == "sqs"


def test_tools_that_look_for_protocols_are_not_told_of_resources(resources):
    assert not hasattr(resources, "__wrapped__")
    assert repr(resources.notes) == "<Table notes>"


def test_the_import_loads_next_to_nothing():
    source = Path(sundog_runtime.__file__).parents[1]
    code = (
        f"import sys; sys.path.insert(0, {str(source)!r}); before = set(sys.modules); import sundog_runtime; "
        "print(sorted(set(sys.modules) - before))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", f"import os; {code}"], capture_output=True, text=True, check=True
    )

    assert finished.stdout.strip() == "['__future__', 'sundog_runtime', 'sundog_runtime._resources']"


def test_the_public_list_is_exact():
    assert sorted(sundog_runtime.__all__) == sorted(
        name
        for name, value in vars(sundog_runtime).items()
        # Another test may have imported `sundog_runtime.auth`.
        if not name.startswith("_") and name != "annotations" and not isinstance(value, ModuleType)
    )


def test_a_parameter_has_its_value_as_it_was_given():
    text = json.dumps({"kind": "Parameter", "name": "limits", "value": {"notes": 100}})

    assert Resources({"SUNDOG_RESOURCE_LIMITS": text}).limits.value == {"notes": 100}


def test_a_secret_that_is_handed_in_is_not_fetched():
    text = json.dumps({"kind": "Secret", "name": "key", "value": "for tests"})

    assert Resources({"SUNDOG_RESOURCE_KEY": text}).key.value == "for tests"
