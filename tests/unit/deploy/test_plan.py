import pytest

from sundog.aws.cloudformation import StackState
from sundog.deploy.assembly import Place, StackTemplate, template_hash
from sundog.deploy.plan import StackPlan, StacksInCircle, in_dependency_order
from sundog.deploy.selection import select_stacks
from sundog.model.manifest import Manifest, StackEntry


def entry(name, *needs):
    return StackEntry(
        id=name, name=name, artifact_id=name, template_file=f"{name}.json", depends_on=list(needs)
    )


def template(name, *needs, content=None, parameters=None):
    return StackTemplate(
        entry=entry(name, *needs),
        body=b"{}",
        content=content or {},
        tags={},
        parameters=parameters or {},
        termination_protected=False,
        assets=(),
        template_asset=None,
        execution_role_arn=None,
        deploy_role_arn=None,
        bootstrap_version=None,
        bootstrap_parameter=None,
    )


def test_stacks_come_after_those_that_they_depend_on():
    ordered = in_dependency_order([template("c", "b"), template("b", "a", "elsewhere"), template("a")])

    assert [stack.name for stack in ordered] == ["a", "b", "c"]


def test_stacks_in_a_circle_are_an_error_that_names_them():
    with pytest.raises(StacksInCircle) as raised:
        in_dependency_order([template("a"), template("b", "c"), template("c", "b")])

    assert raised.value.what == "the stacks `b`, `c` depend on each other in a circle"


def test_the_hash_of_a_template_does_not_depend_on_its_formatting():
    assert template_hash({"b": 1, "a": [1, 2]}) == template_hash({"a": [1, 2], "b": 1})
    assert template_hash({"a": [1, 2]}) != template_hash({"a": [2, 1]})


def test_an_update_keeps_given_values_of_parameters_without_a_default():
    content = {"Parameters": {"Given": {}, "WithDefault": {"Default": "x"}, "New": {}, "Bound": {}}}
    state = StackState(
        name="a",
        stack_id="id",
        status="CREATE_COMPLETE",
        parameters={"Given": "1", "WithDefault": "2", "Gone": "3", "Bound": "4"},
    )
    plan = StackPlan(
        template=template("a", content=content, parameters={"Bound": "5"}),
        template_hash="",
        action="update",
        deployed=state,
        depends_on=(),
    )

    assert plan.parameters == {"Given": None, "Bound": "5"}


def test_places_are_filled_into_the_names_of_the_cdk():
    place = Place(account="123456789012", region="eu-north-1", partition="aws")
    name = place.fill("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/x-${AWS::Region}")

    assert name == "arn:aws:iam::123456789012:role/x-eu-north-1"


@pytest.mark.parametrize(
    ("only", "direction", "expected"),
    [
        ({"b"}, "dependencies", ["a", "b"]),
        ({"b"}, "dependents", ["b", "c"]),
        (None, "dependencies", ["a", "b", "c", "d"]),
    ],
)
def test_a_selection_is_completed_in_the_direction_that_is_needed(only, direction, expected):
    manifest = Manifest(
        app="x", stage="local", stacks=[entry("a"), entry("b", "a"), entry("c", "b"), entry("d")]
    )

    assert [stack.name for stack in select_stacks(manifest, only, direction=direction)] == expected
