"""Removing the last reference between two stacks, which CloudFormation alone would refuse."""

import anyio
import pytest

from sundog.aws.cloudformation import describe_stack


def exporting(app, resources, *, delay, exports):
    name = f"{app.assembly.app}-name"
    outputs = {"Kept": {"Value": "x", "Export": {"Name": name}}} if exports else {}
    app.assembly.stack("owner", {"First": resources.queue(DelaySeconds=delay)}, outputs=outputs)
    return name


def importing(app, resources, export):
    name = {"Fn::Sub": ["${n}-q", {"n": {"Fn::ImportValue": export}}]} if export else "plain"
    app.assembly.stack("user", {"Second": resources.queue(QueueName=name)}, depends_on=("owner",))


def exports(app, connection):
    state = anyio.run(describe_stack, connection, app.assembly.name("owner"))
    return [output.export_name for output in state.outputs]


@pytest.fixture
def joined(app, resources):
    """Two stacks, one of which imports what the other exports."""
    importing(app, resources, exporting(app, resources, delay=1, exports=True))
    app.deploy()
    return app


def test_an_export_is_dropped_after_the_stack_that_imported_it_was_deployed(joined, resources, connection):
    exporting(joined, resources, delay=2, exports=False)
    importing(joined, resources, None)
    joined.deploy()

    assert joined.finished() == {"owner": "updated", "user": "updated"}
    assert exports(joined, connection) == []
    assert joined.notices() == []


def test_an_export_that_a_stack_elsewhere_imports_is_kept_and_told(joined, resources, connection):
    export, user = f"{joined.assembly.app}-name", joined.assembly.name("user")
    joined.assembly.stacks.clear()
    exporting(joined, resources, delay=2, exports=False)
    result = joined.deploy()
    joined.deploy(previous=result)

    assert exports(joined, connection) == [export]
    assert joined.notices() == [
        f"`{joined.assembly.name('owner')}` keeps exporting `{export}`, because `{user}` imports it"
    ]
