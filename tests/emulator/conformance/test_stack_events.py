"""Reading what happened to a stack, page by page."""

from __future__ import annotations


def pages_around_an_update(aws):
    """Return the ids of a stack's events on its first page, on the later ones, and of those that came in between."""
    queues = {f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(60)}
    name = aws.deploy(queues)["StackName"]
    stacks = aws.client("cloudformation")

    def read(**page):
        found = stacks.describe_stack_events(StackName=name, **page)
        return [event["EventId"] for event in found["StackEvents"]], found.get("NextToken")

    first, token = read()
    aws.deploy({**queues, "One": {"Type": "AWS::SQS::Queue"}}, name=name)
    now, _ = read()
    new = now[: now.index(first[0])] if first[0] in now else now
    rest = []
    while token:
        events, token = read(NextToken=token)
        rest += events
    return first, rest, new


def test_events_that_come_between_two_pages_repeat_none(aws):
    first, rest, new = pages_around_an_update(aws)

    assert len(new) == 4
    assert not set(new) & {*first, *rest}
    assert len({*first, *rest}) == len(first) + len(rest) == 122


def test_event_pages_is_still_needed(unmended_bench):
    first, rest, _ = pages_around_an_update(unmended_bench.aws)

    assert set(first) & set(rest), "the emulator repeats no events"
