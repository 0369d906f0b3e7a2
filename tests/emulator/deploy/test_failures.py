"""What goes wrong in a deploy, and what the user is told."""

import json

import anyio
import msgspec
import pytest

from sundog.aws.cloudformation import describe_stack
from sundog.aws.embedded.capabilities import embedded_capabilities
from sundog.aws.embedded.interface import DroppedProperty
from sundog.deploy.engine import deploy
from sundog.deploy.failures import StackFailed
from sundog.deploy.ownership import StackOfAnother
from sundog.errors import SeveralErrors
from sundog.model.events import DeployFinished


@pytest.fixture
def taken(app, connection):
    """The name of an event bus that somebody made by hand, which CloudFormation cannot create again."""
    name = f"taken-{app.assembly.app}"
    connection.call_now("events", "create_event_bus", {"Name": name})
    return name


def test_a_failed_creation_names_the_construct_its_line_and_the_reason_and_is_rolled_back(
    app, resources, taken
):
    app.assembly.stack("main", {"Good": resources.queue(), "Bad": resources.bus(taken)})
    error = app.failure()

    assert isinstance(error, StackFailed)
    name = app.assembly.name("main")
    assert error.what == f"the stack `{name}` could not be created: `main/bad` (AWS::Events::EventBus) failed"
    assert str(error.where) == "app.py:3  line_3()"
    assert "already exists" in error.why
    assert error.fixes[0].startswith("remove the existing resource")
    assert error.details[-1] == "CloudFormation removed what it had created; the next deploy starts afresh"
    assert app.finished() == {"main": "failed"}
    assert isinstance(app.events[-1], DeployFinished)
    assert app.events[-1].error == error.as_dict()


def test_a_stack_whose_creation_failed_is_made_anew_by_the_next_deploy(app, resources, taken):
    app.assembly.stack("main", {"Bad": resources.bus(taken)})
    app.failure()
    app.assembly.stack("main", {"Bad": resources.queue()})
    app.deploy()

    assert app.finished() == {"main": "created"}
    assert any("whose creation had failed" in text for text in app.notices())


def test_a_failed_update_leaves_the_stack_as_it_was(app, resources, taken):
    app.assembly.stack("main", {"Good": resources.queue()})
    app.deploy()
    app.assembly.stack("main", {"Good": resources.queue(DelaySeconds=7), "Bad": resources.bus(taken)})
    error = app.failure()
    app.assembly.stack("main", {"Good": resources.queue()})
    app.deploy()

    assert "could not be updated: `main/bad`" in error.what
    assert error.details[-1] == "CloudFormation rolled the stack back: it runs as it did before"
    assert app.finished() == {"main": "unchanged"}


def test_a_stack_is_not_deployed_when_one_that_it_depends_on_fails(app, resources, taken):
    app.assembly.stack("base", {"Bad": resources.bus(taken)})
    app.assembly.stack("user", {"Queue": resources.queue()}, depends_on=("base",))
    app.assembly.stack("other", {"Queue": resources.queue()})
    error = app.failure()

    assert "`main" not in error.what
    assert app.finished() == {"base": "failed", "user": "failed", "other": "created"}
    names = app.assembly.name("user"), app.assembly.name("base")
    assert app.notices() == [f"`{names[0]}` was not deployed, because `{names[1]}` failed"]


def test_failures_of_several_stacks_are_told_together(app, resources, taken):
    app.assembly.stack("one", {"Bad": resources.bus(taken)}, place=10)
    app.assembly.stack("two", {"Bad": resources.bus(taken)}, place=20)
    error = app.failure()

    assert isinstance(error, SeveralErrors)
    assert sorted(str(one.where) for one in error.errors) == ["app.py:11  line_11()", "app.py:21  line_21()"]


def test_a_missing_asset_is_an_error_before_any_stack_is_touched(app, resources, connection):
    source = app.assembly.folder / "asset.gone"
    source.mkdir()
    app.assembly.stack("main", {"Queue": resources.queue()}, assets={f"gone-{app.assembly.app}": source})
    source.rmdir()
    error = app.failure()

    assert error.code == "SD-DEPLOY-007"
    assert error.what == f"the asset `main/gone-{app.assembly.app}` is not in the cloud assembly"
    assert app.finished() == {}


def test_a_broken_template_is_an_error_with_the_file(app, resources):
    app.assembly.stack("main", {"Queue": resources.queue()})
    (app.assembly.folder / "main.template.json").write_text("{")
    error = app.failure()

    assert error.what == "`main.template.json` of the cloud assembly is not valid JSON"
    assert str(error.where).endswith("main.template.json")


def test_a_failure_in_a_nested_stack_has_the_reason_and_the_line_of_the_nested_stack(app, resources, taken):
    nested = app.assembly.folder / "nested.json"
    nested.write_text(json.dumps({"Resources": {"Bad": resources.bus(taken)}}))
    key = f"nested-{app.assembly.app}.json"
    url = {
        "Fn::Sub": f"https://s3.amazonaws.com/cdk-hnb659fds-assets-${{AWS::AccountId}}-${{AWS::Region}}/{key}"
    }
    app.assembly.stack(
        "main",
        {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}},
        assets={key: nested},
    )
    error = app.failure()

    assert "already exists" in error.why
    assert str(error.where) == "app.py:2  line_2()"


def test_a_stack_in_progress_is_waited_for(app, resources, connection):
    app.assembly.stack("main", {"Queue": resources.queue()})
    app.deploy()
    name = app.assembly.name("main")
    body = json.loads((app.assembly.folder / "main.template.json").read_text())
    slow = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    waits = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1"},
    }
    body["Resources"] |= {"Handle": slow, "Wait": waits}
    connection.call_now(
        "cloudformation", "update_stack", {"StackName": name, "TemplateBody": json.dumps(body)}
    )
    app.assembly.stack("main", {"Queue": resources.queue(DelaySeconds=3)})
    app.deploy()

    assert app.finished() == {"main": "updated"}
    assert app.notices() == [f"waiting for `{name}`, which is in the state UPDATE_IN_PROGRESS"]


def test_a_stack_that_never_was_created_is_replaced(app, resources, connection):
    app.assembly.stack("prepares", {"Queue": resources.queue()})
    app.deploy()
    app.assembly.stack("main", {"Queue": resources.queue()})
    template = (app.assembly.folder / "main.template.json").read_text()
    name = app.assembly.name("main")
    connection.call_now(
        "cloudformation",
        "create_change_set",
        {"StackName": name, "ChangeSetName": "never", "ChangeSetType": "CREATE", "TemplateBody": template},
    )
    app.deploy()

    assert app.finished() == {"prepares": "unchanged", "main": "created"}


def test_no_stack_is_left_half_way_after_the_cancelled_deploy(app, resources, connection):
    app.assembly.stack("main", {"Queue": resources.queue()})
    app.deploy()
    waits = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1"},
    }
    app.assembly.stack(
        "main",
        {
            "Queue": resources.queue(DelaySeconds=5),
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": waits,
        },
    )
    manifest = app.assembly.write()
    name = app.assembly.name("main")
    events = []

    async def run():
        async with anyio.create_task_group() as group:

            def observe(event):
                events.append(event)
                if getattr(event, "logical_id", "") == "Wait":
                    group.cancel_scope.cancel()

            await deploy(app.project, app.stage, app.assembly.folder, manifest, connection, observer=observe)
        with anyio.fail_after(20):
            while (await describe_stack(connection, name)).in_progress:  # noqa: ASYNC110 - CloudFormation tells nobody
                await anyio.sleep(0.05)
        return await describe_stack(connection, name)

    state = anyio.run(run)

    assert state.status == "UPDATE_ROLLBACK_COMPLETE"
    assert f"the update of `{name}` is being rolled back by CloudFormation" in [
        getattr(event, "text", "") for event in events
    ]
    assert events[-1].error["code"] == "SD-CANCELLED"


def test_what_the_cloud_lacks_is_refused_by_name_before_anything_is_sent(app, resources, connection):
    gateway = {"Type": "AWS::EC2::NatGateway", "Properties": {}}
    app.assembly.stack("main", {"Queue": resources.queue(), "Gateway": gateway, "Other": gateway})
    error = app.failure(capabilities=embedded_capabilities())

    assert isinstance(error, SeveralErrors)
    assert [(one.code, str(one.where)) for one in error.errors] == [
        ("SD-UNSUPPORTED-021", "app.py:3  line_3()"),
        ("SD-UNSUPPORTED-021", "app.py:4  line_4()"),
    ]
    assert error.errors[0].what.startswith("`main/gateway` is an `AWS::EC2::NatGateway`, which ")
    assert anyio.run(describe_stack, connection, app.assembly.name("main")) is None


def test_a_property_that_the_cloud_would_drop_is_refused_by_name(app, resources):
    dropped = DroppedProperty(name="Rule.Inner", reason="nothing reads it")
    harmless = DroppedProperty(name="Tags", reason="nothing shows it", harmless=True)
    known = msgspec.structs.replace(embedded_capabilities(), dropped={"AWS::SQS::Queue": (dropped, harmless)})
    properties = {"Rule": [{"Inner": True}], "Tags": [{"Key": "team", "Value": "notes"}]}
    app.assembly.stack("main", {"Plain": resources.queue(Rule=[]), "Thing": resources.queue(**properties)})
    error = app.failure(capabilities=known)

    assert error.code == "SD-UNSUPPORTED-022"
    assert (
        error.what
        == f"`main/thing` sets `Rule.Inner`, which the {known.name} ignores for an `AWS::SQS::Queue`"
    )
    assert error.why == dropped.reason
    assert str(error.where) == "app.py:3  line_3()"


def test_a_stack_of_another_app_or_stage_that_has_the_same_name_is_not_touched(app, resources, connection):
    owner = {"sundog:app": "shop", "sundog:stage": "local-a"}
    app.assembly.stack("main", {"Queue": resources.queue()}, tags=owner)
    app.deploy()
    own = {"sundog:app": app.assembly.app, "sundog:stage": "local"}
    app.assembly.stack("main", {"Queue": resources.queue(DelaySeconds=7)}, tags=own)
    error = app.failure()
    with pytest.raises(StackOfAnother):
        app.remove()

    name = app.assembly.name("main")
    assert isinstance(error, StackOfAnother)
    assert error.what == f"the stack `{name}` belongs to the app `shop` on the stage `local-a`"
    assert str(error.where) == "app.py:1  line_1()"
    assert anyio.run(describe_stack, connection, name).tags == owner


def test_an_alarm_that_can_never_go_off_is_deployed_and_told_once(app, resources):
    watched = {
        "Namespace": "AWS/DynamoDB",
        "MetricName": "ThrottledRequests",
        "Dimensions": [{"Name": "TableName", "Value": "orders"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": watched}
    app.assembly.stack("main", {"Silent": alarm})

    app.deploy(capabilities=embedded_capabilities())
    finished, told = app.finished(), app.notices()
    app.deploy(capabilities=embedded_capabilities())

    assert finished == {"main": "created"}
    (text,) = told
    assert text == (
        "`main/silent` watches `ThrottledRequests` of `AWS/DynamoDB` by `TableName`, which the embedded cloud does not "
        "publish, so it never goes off (app.py:2)"
    )
    # The second deploy has nothing to change, and nothing to say.
    assert app.notices() == []
