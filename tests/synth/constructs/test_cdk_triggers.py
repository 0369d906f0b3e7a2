"""What the manifest says of rules, schedules and pipes of the CDK that call a function of sundog."""

from __future__ import annotations

import pytest

from sundog.model.manifest import Trigger

pytestmark = pytest.mark.xdist_group("cdk")

IMPORTS = "from aws_cdk import aws_events, aws_events_targets, aws_iam, aws_pipes, aws_scheduler"


def triggers_of(assembly, name):
    (entry,) = [entry for entry in assembly.manifest.functions if entry.name == name]
    return entry.triggers


def test_a_rule_is_a_trigger_of_its_functions_with_its_pattern_or_schedule(backend):
    assembly = backend(
        IMPORTS
        + """
count = Function(stack, "count", handler="functions/notes.get")
calls = aws_events_targets.LambdaFunction(count.cdk.function)
aws_events.Rule(stack, "paid", event_pattern=aws_events.EventPattern(source=["shop"]), targets=[calls])
nightly = aws_events_targets.LambdaFunction(
    count.cdk.function, event=aws_events.RuleTargetInput.from_object({"kind": "nightly"})
)
aws_events.Rule(stack, "night", schedule=aws_events.Schedule.expression("rate(1 day)"), targets=[nightly])
aws_events.Rule(
    stack,
    "elsewhere",
    schedule=aws_events.Schedule.expression("rate(1 day)"),
    targets=[aws_events_targets.SqsQueue(Queue(stack, "q").cdk.queue)],
)
"""
    )

    assert triggers_of(assembly, "count") == [
        Trigger(
            kind="bus", label="rule paid", resource="backend/paid", detail={"pattern": {"source": ["shop"]}}
        ),
        Trigger(
            kind="cron",
            label="rule night",
            resource="backend/night",
            detail={"schedule": "rate(1 day)", "input": {"kind": "nightly"}},
        ),
    ]


def test_a_pipe_is_a_trigger_of_its_target_and_of_its_enrichment(backend):
    assembly = backend(
        IMPORTS
        + """
orders = Queue(stack, "orders")
ship, price = (Function(stack, name, handler="functions/notes.get") for name in ("ship", "price"))
role = aws_iam.Role(stack, "role", assumed_by=aws_iam.ServicePrincipal("pipes.amazonaws.com"))
aws_pipes.CfnPipe(
    stack,
    "line",
    role_arn=role.role_arn,
    source=orders.cdk.queue.queue_arn,
    enrichment=price.cdk.function.function_arn,
    target=ship.cdk.function.function_arn,
)
"""
    )
    (shipped,), (priced,) = triggers_of(assembly, "ship"), triggers_of(assembly, "price")

    assert shipped == priced
    assert (shipped.kind, shipped.label, shipped.resource) == ("pipe", "pipe line", "backend/line")
    assert shipped.detail["source"].startswith("orders")


def test_the_function_may_be_in_another_stack_or_be_called_by_its_alias(backend):
    assembly = backend(
        IMPORTS
        + """
from sundog import Stack
far = Function(stack, "far", handler="functions/notes.get", provisioned_concurrency=1)
near = Function(stack, "near", handler="functions/notes.get")
clock = Stack(app, "clock")
role = aws_iam.Role(clock, "role", assumed_by=aws_iam.ServicePrincipal("scheduler.amazonaws.com"))
for id, arn in {"live": far.cdk.function.function_arn, "tick": near.cdk.function.function_arn}.items():
    aws_scheduler.CfnSchedule(
        clock,
        id,
        schedule_expression="rate(1 hour)",
        flexible_time_window={"mode": "OFF"},
        target={"arn": arn, "roleArn": role.role_arn},
    )
"""
    )

    for function, schedule in (("far", "live"), ("near", "tick")):
        assert [(one.kind, one.label) for one in triggers_of(assembly, function)] == [
            ("cron", f"schedule {schedule}")
        ]


def test_what_sundog_makes_itself_is_named_once(backend):
    assembly = backend(
        """
Cron(stack, "digest", schedule="rate(1 day)", job="functions/notes.get")
EventBus(stack, "shop", rules={"paid": {"pattern": {"source": ["shop"]}, "targets": {"c": "functions/reminders.send"}}})
"""
    )

    assert [[one.label for one in entry.triggers] for entry in assembly.manifest.functions] == [
        ["cron digest"],
        ["bus shop/paid"],
    ]
