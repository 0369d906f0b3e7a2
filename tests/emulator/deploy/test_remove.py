from functools import partial

import anyio
import msgspec
import pytest

from sundog.aws.cloudformation import stack_resources
from sundog.deploy.failures import ExportInUse
from sundog.deploy.remove import StageProtected
from sundog.model.manifest import ResourceEntry


def test_stacks_are_removed_before_those_that_they_depend_on(app, resources):
    app.assembly.stack("base", {"Queue": resources.queue()})
    app.assembly.stack("user", {"Queue": resources.queue()}, depends_on=("base",))
    app.deploy()
    removed = app.remove()

    assert removed == [app.assembly.name("user"), app.assembly.name("base")]
    assert app.finished() == {"user": "removed", "base": "removed"}
    assert not app.project.outputs_file("local").exists()


def test_removing_what_is_not_there_is_no_error(app, resources):
    app.assembly.stack("main", {"Queue": resources.queue()})

    assert app.remove() == []


def test_removing_one_stack_removes_what_depends_on_it(app, resources):
    app.assembly.stack("base", {"Queue": resources.queue()})
    app.assembly.stack("user", {"Queue": resources.queue()}, depends_on=("base",))
    app.assembly.stack("other", {"Queue": resources.queue()})
    app.deploy()
    removed = app.remove(only={"base"})

    assert sorted(removed) == sorted([app.assembly.name("base"), app.assembly.name("user")])


def test_what_is_retained_is_told_with_its_name(app, resources):
    table = resources.table() | {"DeletionPolicy": "Retain"}
    app.assembly.stack("main", {"Notes": table})
    app.deploy()
    app.remove()

    assert len(app.notices()) == 1
    assert app.notices()[0].startswith("`main/notes` was kept: the AWS::DynamoDB::Table `")


def test_a_protected_stage_is_refused_until_confirmed(app, resources):
    app.assembly.stack("main", {"Queue": resources.queue()})
    app.deploy()
    app.stage = msgspec.structs.replace(app.stage, protected=True)
    with pytest.raises(StageProtected) as raised:
        app.remove()

    assert raised.value.what == "the stage `local` is protected"
    assert app.remove(confirmed=True) == [app.assembly.name("main")]


def test_a_stack_that_another_app_imports_from_is_not_removed(app, resources):
    export = f"{app.assembly.app}-name"
    app.assembly.stack(
        "owner", {"First": resources.queue()}, outputs={"Name": {"Value": "x", "Export": {"Name": export}}}
    )
    app.deploy()
    owner = app.assembly.stacks
    app.assembly.stacks = []
    app.assembly.stack(
        "user",
        {"Second": resources.queue(QueueName={"Fn::Sub": ["${n}-q", {"n": {"Fn::ImportValue": export}}]})},
    )
    app.deploy()
    app.assembly.stacks = owner
    with pytest.raises(ExportInUse) as raised:
        app.remove()

    user = app.assembly.name("user")
    assert (
        raised.value.what
        == f"the stack `{app.assembly.name('owner')}` must keep its export `{export}`: `{user}` uses it"
    )
    assert app.finished() == {"owner": "failed"}


def test_termination_protection_follows_the_app_and_keeps_a_stack_from_being_removed(app, resources):
    app.assembly.stack("main", {"Queue": resources.queue()})
    properties = app.assembly.artifacts["main"]["properties"]
    properties["terminationProtection"] = True
    app.deploy()
    with pytest.raises(StageProtected) as raised:
        app.remove()
    properties["terminationProtection"] = False
    app.deploy()

    assert raised.value.what == f"the stack `{app.assembly.name('main')}` has termination protection"
    assert app.remove() == [app.assembly.name("main")]


def test_buckets_of_the_app_are_emptied_unless_the_deployed_stack_keeps_them(app, connection):
    app.assembly.stack(
        "main",
        {
            "Gone": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Delete",
                "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
            },
            "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
        },
    )
    app.deploy()
    stack = app.assembly.name("main")
    names = {
        resource.logical_id: resource.physical_id
        for resource in anyio.run(stack_resources, connection, stack)
    }
    for name in names.values():
        anyio.run(partial(connection.call, "s3", "put_object", Bucket=name, Key="a", Body=b"data"))
    # As a manifest is that says of both what an edit after the deploy would.
    app.assembly.resources = [
        ResourceEntry(
            id=f"main/{logical_id.lower()}",
            name=logical_id,
            kind="Bucket",
            stack=stack,
            logical_id=logical_id,
            cloudformation_type="AWS::S3::Bucket",
            attributes={"emptied_on_removal": True},
        )
        for logical_id in names
    ]
    app.remove()

    kept = anyio.run(partial(connection.call, "s3", "list_objects_v2", Bucket=names["Kept"]))
    buckets = [bucket["Name"] for bucket in anyio.run(connection.call, "s3", "list_buckets")["Buckets"]]
    assert [item["Key"] for item in kept["Contents"]] == ["a"]
    assert names["Gone"] not in buckets
