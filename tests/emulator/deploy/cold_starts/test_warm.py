"""`warm=` warms environments as soon as they are deployed."""

from __future__ import annotations

import json

import pytest

STACK = "prod-coldstarts-backend"

pytestmark = pytest.mark.xdist_group("cold_starts")


@pytest.fixture(scope="module")
def log(client, physical_name):
    """Returns the lines of a function's log."""

    def lines(logical):
        logs, name = client("logs"), physical_name(logical)
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found["events"]]

    return lines


@pytest.fixture(scope="module")
def warmed(log, physical_name, wait_for):
    """Waits for the warmer to have called a function so many times, and returns what it said."""

    def said(function, times):
        name = physical_name(f"{function}Function")

        def enough():
            found = [line.strip() for line in log("SundogWarmer") if name in line and "environments" in line]
            return len(found) >= times and found

        return [line.partition(": ")[2] for line in wait_for(enough, f"{function} to be warmed", 60)]

    return said


def test_environments_are_warm_as_soon_as_they_are_deployed(warmed):
    assert warmed("hot", 1)[0] == "3 events, 3 environments"
    assert warmed("hotjs", 1)[0] == "2 events, 2 environments"


@pytest.mark.parametrize("function", ["hot", "hotjs"])
def test_a_handler_sees_its_own_events_and_never_the_warmers(
    function, client, log, physical_name, wait_for, warmed
):
    warmed(function, 1)
    logical = f"{function}Function"
    answer = client("lambda").invoke(FunctionName=physical_name(logical), Payload=b'{"note": 1}')

    assert json.load(answer["Payload"]) == {"note": 1}
    seen = wait_for(
        lambda: [line for line in log(logical) if "the handler saw" in line], "the handler's line"
    )
    assert len(seen) == 1
    assert "note" in seen[0]


def test_whoever_deploys_the_stack_the_new_environments_are_warmed(client, warmed):
    before = len(warmed("hot", 1))
    stacks = client("cloudformation")
    template = json.dumps(stacks.get_template(StackName=STACK)["TemplateBody"])

    stacks.update_stack(
        StackName=STACK,
        TemplateBody=template.replace('"MemorySize": 512', '"MemorySize": 256'),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )

    assert warmed("hot", before + 1)[-1] == "3 events, 3 environments"


def test_the_cost_of_keeping_them_warm_is_told(sundog):
    assert "warm environments: about $0.06 a month on AWS (hot $0.03, hotjs $0.02)" in sundog.deployed.stderr
