"""Commands that work in one region of a stage: in the one that is named, with what belongs to it."""

from __future__ import annotations

import json
import time
import uuid

import pytest

from sundog.model.events import InvocationStarted, LogWritten
from sundog.model.project import find_project
from sundog.store.writer import StoreWriter

REGIONS = ("eu-west-1", "us-west-2")
STACK = "prod-tworegions-backend"

pytestmark = [pytest.mark.usefixtures("deployed"), pytest.mark.xdist_group("two-regions")]


@pytest.fixture
def recorded(deployed, root):
    """What sessions of both regions have recorded: each that `look` was asked something and printed it. Request ids by region."""
    ids = {region: str(uuid.uuid4()) for region in REGIONS}
    stores = {region: find_project(root).in_region("prod", region).events_db("prod") for region in REGIONS}
    for region in REGIONS:
        facts = {"at": time.time(), "function": "backend/look", "environment": "one"}
        with StoreWriter(stores[region], notify=pytest.fail) as store:
            store(
                InvocationStarted(
                    **facts,
                    request_id=ids[region],
                    cold=False,
                    trigger=None,
                    payload=json.dumps({"asked": f"in {region}"}).encode(),
                    trace_id=ids[region],
                    deadline=time.time(),
                )
            )
            store(
                LogWritten(**facts, request_id=ids[region], stream="stdout", text=f"I was asked in {region}")
            )
    yield ids
    for store in stores.values():
        for file in store.parent.glob("events.db*"):
            file.unlink()


@pytest.fixture
def report(client):
    """Have Lambda report in a region's log how long an init of `look` took, as AWS does."""
    written = []

    def report(region, init_ms):
        (function,) = [
            one["FunctionName"]
            for one in client("lambda", region).list_functions()["Functions"]
            if one["FunctionName"].startswith(f"{STACK}-look")
        ]
        logs, place = client("logs", region), {"logGroupName": f"/aws/lambda/{function}"}
        place["logStreamName"] = f"2026/11/25/[$LATEST]{uuid.uuid4().hex}"
        logs.create_log_stream(**place)
        line = f"REPORT RequestId: {uuid.uuid4()}\tDuration: 2.50 ms\tInit Duration: {init_ms} ms\t\n"
        logs.put_log_events(**place, logEvents=[{"timestamp": int(time.time() * 1000), "message": line}])
        written.append((logs, place))

    yield report
    for logs, place in written:
        logs.delete_log_stream(**place)


@pytest.mark.parametrize("region", REGIONS)
def test_logs_shows_what_was_recorded_of_the_region(sundog, recorded, region):
    shown = sundog("logs", "--region", region)
    of_function = sundog("logs", "look", "--region", region, "--json")

    (line,) = shown.stdout.splitlines()
    assert line.endswith(f"look  {recorded[region][:8]}  I was asked in {region}")
    assert json.loads(of_function.stdout)["request_id"] == recorded[region]


@pytest.mark.parametrize("region", REGIONS)
def test_replay_sends_an_event_of_the_region_to_the_function_there(sundog, recorded, region):
    sundog("secret", "set", "stripe_key", "sk-replay-1111")
    (other,) = [one for one in REGIONS if one != region]
    last = sundog("replay", "last", "--region", region)
    foreign = sundog("replay", recorded[other], "--region", region)

    assert last.code == 0, last.stderr
    answer = json.loads(last.stdout)
    assert (answer["region"], answer["asked"]) == (region, f"in {region}")
    assert (foreign.code, foreign.stdout) == (2, "")
    assert f"no recorded invocation has the request id `{recorded[other]}`" in foreign.stderr


def test_what_was_not_recorded_is_looked_for_where_it_is(sundog):
    logs = sundog("logs", "--region", "us-west-2")
    following = sundog("logs", "look", "--follow", "--region", "us-west-2")
    replay = sundog("replay", "last", "--region", "us-west-2")

    for done in (logs, following, replay):
        assert (done.code, done.stdout) == (2, "")
        assert "nothing is recorded of what runs on the stage `prod` in us-west-2" in done.stderr
    assert "`aws logs tail GROUP --region us-west-2`" in logs.stderr
    assert "`sundog invoke FUNCTION --event FILE --stage prod --region us-west-2`" in replay.stderr


@pytest.mark.parametrize(("region", "module"), [("eu-west-1", "eu_west_1"), ("us-west-2", "us_west_2")])
def test_coldstart_imports_and_reads_what_the_region_has(sundog, report, region, module):
    report("eu-west-1", 411.25)
    report("us-west-2", 822.75)
    done = sundog("coldstart", "look", "--region", region, "--json")

    assert done.code == 0, done.stderr
    found = json.loads(done.stdout)
    imported = json.dumps(found["tree"])
    assert [name for name in ("eu_west_1", "us_west_2") if f"prices.{name}" in imported] == [module]
    assert found["reported_init_ms"] == [{"eu-west-1": 411.25, "us-west-2": 822.75}[region]]
