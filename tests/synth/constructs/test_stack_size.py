"""No stack passes the 500 resources that CloudFormation takes unnoticed."""

from __future__ import annotations

import pytest

from sundog.constructs._stack_size import StackTooLarge

ROUTES = '{f"GET /r{number}": f"functions/notes.f{number}" for number in range(%d)}'


@pytest.fixture
def many_handlers(project):
    project.write(
        "functions/notes.py", "".join(f"def f{number}(event, context): ...\n" for number in range(90))
    )


def test_a_stack_that_is_too_large_names_its_largest_parts_and_a_way_out(many_handlers, backend):
    with pytest.raises(StackTooLarge) as raised:
        backend(
            "notes = Table(stack, 'notes', partition_key=('id', 'string'))\n"
            f"Api(stack, 'api', bind=[notes], routes={ROUTES % 80})\n"
            "Queue(stack, 'jobs', consumer='functions/reminders.send')\n"
        )

    error = raised.value
    assert error.what == "the stack `backend` has 571 resources, CloudFormation takes 500"
    assert error.why == "the most are of Api `api` (563), Queue `jobs` (7), Table `notes` (1)"
    assert str(error.where).startswith("app.py:6")
    assert "app.use(backend)" in error.fixes[0]


def test_a_stack_that_fits_is_taken(many_handlers, backend):
    assembly = backend(
        "notes = Table(stack, 'notes', partition_key=('id', 'string'))\n"
        f"Api(stack, 'api', bind=[notes], routes={ROUTES % 70})\n"
    )

    assert 480 < len(assembly.template("backend")["Resources"]) < 500


def test_what_a_function_costs_is_what_the_documentation_says(backend):
    """docs/adr/0031: a function is three resources, four with a binding, seven behind a route."""

    def resources(body):
        return len(backend(body).template("backend")["Resources"])

    table = "notes = Table(stack, 'notes', partition_key=('id', 'string'))\n"
    api = "Api(stack, 'api', bind=[notes], routes={%s})\n"
    first, second = "'GET /a': 'functions/notes.get'", "'GET /b': 'functions/notes.create'"

    assert resources("Function(stack, 'a', handler='functions/notes.get')") == 3
    assert resources(table + "Function(stack, 'a', handler='functions/notes.get', bind=[notes])") == 1 + 4
    assert resources(table + api % f"{first}, {second}") - resources(table + api % first) == 7
