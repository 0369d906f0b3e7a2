"""Deploying, updating and not deploying, against the embedded cloud's real CloudFormation."""

import json
import uuid

import anyio
import pytest

from sundog.aws.cloudformation import describe_stack
from sundog.deploy import functions
from sundog.model.events import DeployFinished, DeployStarted, ResourceProgress


@pytest.fixture
def code(assembly):
    """A folder of code as synth leaves it, with the hash that names it."""
    asset_id = uuid.uuid4().hex
    folder = assembly.folder / f"asset.{asset_id}"
    folder.mkdir()
    (folder / "README.txt").write_text("placeholder")
    return asset_id, folder


def with_function(app, resources, code, **variables):
    asset_id, folder = code
    app.assembly.stack(
        "main",
        {
            "Notes": resources.table(),
            "Role": resources.role(),
            "Handler": resources.function(f"{asset_id}.zip", TABLE={"Ref": "Notes"}, **variables),
        },
        outputs={"Name": {"Value": {"Ref": "Handler"}}, "ExportsOutputRefX": {"Value": "hidden"}},
        assets={asset_id: folder},
    )
    app.assembly.functions.clear()
    app.assembly.function("main", "Handler", asset_hash=asset_id)


def test_a_table_and_a_function_are_created_with_their_code(app, resources, code, connection):
    with_function(app, resources, code)
    result = app.deploy()
    (function,) = result.functions

    assert app.finished() == {"main": "created"}
    assert result.outputs == {"main": {"Name": function.physical_name}}
    assert function.environment["TABLE"].startswith(app.assembly.name("main"))
    assert function.role_arn.startswith("arn:aws:iam::000000000000:role/")
    assert function.arn == f"arn:aws:lambda:us-east-1:000000000000:function:{function.physical_name}"
    assert function.log_group == f"/aws/lambda/{function.physical_name}"
    found = connection.call_now(
        "s3",
        "head_object",
        {"Bucket": "cdk-hnb659fds-assets-000000000000-us-east-1", "Key": f"{code[0]}.zip"},
    )
    assert found["ContentLength"] > 0


def test_outputs_are_written_for_other_tools_and_rewritten_to_addresses_that_answer(
    app, resources, code, project
):
    with_function(app, resources, code)
    app.deploy(rewrite_url=lambda text: f"here:{text}")
    written = json.loads(project.outputs_file("local").read_text())

    assert written["main"]["Name"].startswith("here:local-")
    assert "ExportsOutputRefX" not in written["main"]


def test_events_name_the_construct_and_its_line(app, resources, code):
    with_function(app, resources, code)
    app.deploy()
    created = [
        (event.path, event.place.file, event.place.line)
        for event in app.events
        if isinstance(event, ResourceProgress) and event.status == "CREATE_COMPLETE"
    ]

    assert sorted(created) == [
        ("main/handler", "app.py", 4),
        ("main/notes", "app.py", 2),
        ("main/role", "app.py", 3),
    ]
    assert isinstance(app.events[0], DeployStarted)
    assert isinstance(app.events[-1], DeployFinished)
    assert app.events[-1].ok


def test_an_unchanged_stack_is_left_alone(app, resources, code):
    with_function(app, resources, code)
    first = app.deploy()
    second = app.deploy()
    third = app.deploy(previous=second)

    assert app.finished() == {"main": "unchanged"}
    assert second.functions == third.functions == first.functions
    assert third.changed == ()


def test_a_changed_stack_is_updated_in_place(app, resources, code):
    with_function(app, resources, code)
    before = app.deploy()
    with_function(app, resources, code, GREETING="hello")
    after = app.deploy(previous=before)

    assert app.finished() == {"main": "updated"}
    assert after.functions[0].arn == before.functions[0].arn
    assert after.functions[0].environment["GREETING"] == "hello"


@pytest.fixture
def asked(monkeypatch):
    """The functions whose configuration was asked for."""
    names = []
    real = functions.function_configuration

    async def ask(connection, name):
        names.append(name)
        return await real(connection, name)

    monkeypatch.setattr(functions, "function_configuration", ask)
    return names


def test_only_functions_that_an_update_worked_on_are_asked_about(app, resources, code, asked):
    asset_id, folder = code

    def with_greeting(greeting):
        app.assembly.stack(
            "main",
            {
                "Role": resources.role(),
                "Changed": resources.function(f"{asset_id}.zip", GREETING=greeting),
                "Same": resources.function(f"{asset_id}.zip"),
            },
            assets={asset_id: folder},
        )

    for name in ("Changed", "Same"):
        app.assembly.function("main", name, asset_hash=asset_id)
    with_greeting("hello")
    before = app.deploy()
    asked.clear()
    with_greeting("goodbye")
    after = app.deploy(previous=before)

    assert asked == [before.functions[0].physical_name]
    assert after.functions[0].environment == {"GREETING": "goodbye"}
    assert after.functions[1] == before.functions[1]

    # Somebody else has deployed in between: what is known of that stack is old.
    with_greeting("good night")
    app.deploy()
    asked.clear()
    with_greeting("good morning")
    app.deploy(previous=after)

    assert len(asked) == 2


def test_an_edit_tells_of_what_it_changes_and_of_nothing_else(app, resources):
    def told(template, edit):
        app.assembly.stack("main", template, outputs={"Edit": {"Value": edit}})
        app.deploy()
        return [
            (event.logical_id, event.status) for event in app.events if isinstance(event, ResourceProgress)
        ]

    told({"Same": resources.queue(), "Old": resources.queue()}, "1")

    assert told({"Same": resources.queue(), "Old": resources.queue()}, "2") == []
    assert told({"Same": resources.queue(), "New": resources.queue()}, "2") == [
        ("New", "CREATE_IN_PROGRESS"),
        ("New", "CREATE_COMPLETE"),
        ("Old", "DELETE_IN_PROGRESS"),
        ("Old", "DELETE_COMPLETE"),
    ]


def test_only_the_changed_stack_is_touched(app, resources):
    app.assembly.stack("one", {"Queue": resources.queue()})
    app.assembly.stack("two", {"Queue": resources.queue()})
    app.deploy()
    app.assembly.stack("two", {"Queue": resources.queue(VisibilityTimeout=60)})
    result = app.deploy()

    assert app.finished() == {"one": "unchanged", "two": "updated"}
    assert result.changed == (app.assembly.name("two"),)


def test_a_change_of_tags_alone_is_deployed(app, resources, connection):
    app.assembly.stack("main", {"Queue": resources.queue()})
    app.deploy()
    app.assembly.stack("main", {"Queue": resources.queue()}, tags={"team": "notes"})
    result = app.deploy()

    assert app.finished() == {"main": "updated"}
    assert result.stacks[app.assembly.name("main")].state.tags == {"team": "notes"}


def test_stacks_are_deployed_after_those_whose_exports_they_import(app, resources):
    export = f"{app.assembly.app}-queue"
    app.assembly.stack(
        "user",
        {
            "Second": resources.queue(
                QueueName={"Fn::Sub": ["${name}-2", {"name": {"Fn::ImportValue": export}}]}
            )
        },
        depends_on=("owner",),
    )
    app.assembly.stack(
        "owner",
        {"First": resources.queue(QueueName=app.assembly.app)},
        outputs={"Queue": {"Value": {"Fn::GetAtt": ["First", "QueueName"]}, "Export": {"Name": export}}},
    )
    app.deploy()

    assert app.finished() == {"owner": "created", "user": "created"}
    assert list(app.finished()) == ["owner", "user"]


def test_a_template_too_long_for_the_request_is_sent_by_way_of_the_bucket(app, resources):
    queues = {
        f"Queue{number:03}": resources.queue(DelaySeconds=number % 60, VisibilityTimeout=30)
        for number in range(450)
    }
    app.assembly.stack("main", queues)
    template = app.assembly.folder / "main.template.json"
    result = app.deploy()

    assert template.stat().st_size > 51_200
    assert app.finished() == {"main": "created"}
    assert result.stacks[app.assembly.name("main")].state.status == "CREATE_COMPLETE"


def test_chosen_stacks_are_deployed_with_what_they_depend_on(app, resources):
    for name, needs in (("base", ()), ("middle", ("base",)), ("other", ())):
        app.assembly.stack(name, {"Queue": resources.queue()}, depends_on=needs)
    app.deploy(only={"middle"})

    assert app.finished() == {"base": "created", "middle": "created"}


def test_an_unknown_stack_is_refused_with_the_nearest_name(app, resources):
    app.assembly.stack("storage", {"Queue": resources.queue()})
    error = app.failure(only={"storge"})

    assert error.what == "the app has no stack `storge`"
    assert error.fixes == ("write `storage`",)


def test_two_apps_in_one_cloud_do_not_meet(app, resources, assembly):
    app.assembly.stack("main", {"Queue": resources.queue()})
    first = app.deploy()
    app.assembly.app = f"b{assembly.app}"
    app.assembly.stack("main", {"Queue": resources.queue()})
    second = app.deploy()

    assert set(first.stacks) & set(second.stacks) == set()


def test_a_stack_without_resources_is_left_out_and_one_that_was_emptied_is_named(app, resources, connection):
    app.assembly.stack("config", {}, outputs={"Place": {"Value": "here"}})
    app.assembly.stack("emptied", {"Queue": resources.queue()})
    app.assembly.stack("main", {"Queue": resources.queue()}, depends_on=("config",))
    app.deploy()
    first = app.finished(), app.notices()
    app.assembly.stack("emptied", {})
    app.deploy()

    def deployed(stack):
        return anyio.run(describe_stack, connection, app.assembly.name(stack)) is not None

    assert first == ({"emptied": "created", "main": "created"}, [])
    assert app.finished() == {"main": "unchanged"}
    (notice,) = app.notices()
    assert "has no resources any more, and stays as it was deployed" in notice
    assert (deployed("config"), deployed("emptied")) == (False, True)
    assert sorted(app.remove()) == sorted(map(app.assembly.name, ("emptied", "main")))
