"""A cloud with its mends and one without, for tests that ask both the same."""

from __future__ import annotations

import json
import uuid

import pytest

from sundog.aws.embedded.launcher.mends import MENDS, name_of

REGION = "eu-west-1"
ROLE = "arn:aws:iam::000000000000:role/conformance"
EVERY_MEND = tuple(name_of(mend) for mend in MENDS)


class Bench:
    """A cloud, and functions on it that run in this process."""

    def __init__(self, aws, cloud, target, zipped):
        self.aws, self.cloud, self.target, self._zipped = aws, cloud, target, zipped

    def function(self, handler, **settings):
        """Create a function; return its name and ARN."""
        name = f"function-{uuid.uuid4().hex[:8]}"
        self.aws.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="index.handler",
            Role=ROLE,
            Code={"ZipFile": self._zipped({"README.txt": ""})},
            **{"Timeout": 5, **settings},
        )
        self.target.handlers[name] = handler
        self.cloud.call(
            self.cloud.cloud.route, list(self.target.handlers), self.target.url, self.target.token
        )
        return name, f"arn:aws:lambda:{REGION}:000000000000:function:{name}"

    def seen(self, name):
        return [event for event, _ in self.target.seen.get(name, ())]

    def topic(self, *subscribers):
        topics = self.aws.client("sns")
        arn = topics.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
        for protocol, endpoint in subscribers:
            topics.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
        return arn

    def rule(self, *targets):
        """Create a rule with targets; return a function that puts an event for it."""
        source, events = f"source.{uuid.uuid4().hex}", self.aws.client("events")
        events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
        events.put_targets(Rule=source, Targets=[{"Id": str(n), **one} for n, one in enumerate(targets)])
        entry = {"Source": source, "DetailType": "made", "Detail": '{"n": 1}'}
        return lambda: events.put_events(Entries=[entry])


@pytest.fixture(scope="session")
def mended(aws, cloud, target, zipped):
    return Bench(aws, cloud, target, zipped)


@pytest.fixture(scope="session")
def unmended_bench(run_cloud, aws_at, new_target, zipped, tmp_path_factory):
    target = new_target()
    with run_cloud(tmp_path_factory.mktemp("bare"), skipped_mends=EVERY_MEND) as started:
        yield Bench(aws_at(started.endpoint_url), started, target, zipped)
    target.server.shutdown()
    target.server.server_close()


@pytest.fixture
def failing(errors):
    def fail(event, headers):
        raise errors.raised("Broken", "always")

    return fail
