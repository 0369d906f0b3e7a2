"""The notes app runs: HTTP, the table, the queue, the schedule, both languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
pytestmark = [pytest.mark.xdist_group("notes"), pytest.mark.timeout(300)]


@pytest.fixture
def aws(shared_dev):
    """Clients of the embedded cloud."""
    import boto3

    session = boto3.Session(
        aws_access_key_id="000000000000", aws_secret_access_key="local", region_name="us-east-1"
    )
    return lambda service: session.client(service, endpoint_url=shared_dev.ready["endpoint_url"])


def sundog(dev, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "sundog", *arguments],
        cwd=dev.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_notes_are_created_read_changed_and_deleted(shared_dev):
    status, note = shared_dev.request("POST", "/notes", {"title": "Buy milk"}, user="crud")
    path = f"/notes/{note['noteId']}"

    assert status == 201
    assert shared_dev.request("GET", path, user="crud") == (200, note)
    assert shared_dev.request("GET", "/notes", user="crud") == (200, {"notes": [note], "next": None})

    status, changed = shared_dev.request("PUT", path, {"body": "oat"}, user="crud")

    assert status == 200
    assert (changed["title"], changed["body"]) == ("Buy milk", "oat")
    assert shared_dev.request("DELETE", path, user="crud")[0] == 204
    assert shared_dev.request("GET", path, user="crud") == (404, {"error": "there is no such note"})


def test_pages_follow_each_other(shared_dev):
    for number in range(5):
        shared_dev.request("POST", "/notes", {"title": str(number)}, user="pages")

    titles, following = [], ""
    while following is not None:
        _, page = shared_dev.request(
            "GET", f"/notes?limit=2{following and '&before=' + following}", user="pages"
        )
        titles += [note["title"] for note in page["notes"]]
        following = page["next"]

    assert sorted(titles) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/notes", b"{", 400),
        ("POST", "/notes", {}, 400),
        ("GET", "/notes?limit=0", None, 400),
        ("GET", "/notes/nonsense", None, 404),
        ("GET", "/nowhere", None, 404),
    ],
)
def test_wrong_requests_are_answered_as_such(shared_dev, method, path, body, status):
    assert shared_dev.request(method, path, body)[0] == status


def test_a_deleted_note_is_in_the_table_made_with_plain_cdk(shared_dev, aws):
    _, note = shared_dev.request("POST", "/notes", {"title": "gone"}, user="archive")
    shared_dev.request("DELETE", f"/notes/{note['noteId']}", user="archive")

    dynamodb = aws("dynamodb")
    archive = next(name for name in dynamodb.list_tables()["TableNames"] if "archive" in name)
    key = {"userId": {"S": "archive"}, "noteId": {"S": note["noteId"]}}
    description = dynamodb.describe_table(TableName=archive)["Table"]

    assert dynamodb.get_item(TableName=archive, Key=key)["Item"]["title"] == {"S": "gone"}
    assert description["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_typescript_function_answers(shared_dev):
    status, svg = shared_dev.request("GET", "/badge?label=notes&value=12")

    assert status == 200
    assert svg.startswith("<svg")
    assert "<title>notes: 12</title>" in svg


def test_a_reminder_goes_through_the_queue_to_the_consumer(shared_dev, waiting):
    _, note = shared_dev.request("POST", "/notes", {"title": "call Bob"}, user="queue")
    path = f"/notes/{note['noteId']}"
    mark = shared_dev.mark()

    assert shared_dev.request("POST", f"{path}/reminders", user="queue")[0] == 202

    line = shared_dev.wait_for("LogWritten", since=mark, where=lambda event: "call Bob" in event["text"])
    reminded = waiting(
        lambda: shared_dev.request("GET", path, user="queue")[1].get("remindedAt"), lambda: shared_dev.output
    )

    assert line["text"] == "reminder for queue: call Bob"
    assert reminded


def test_a_message_sent_with_boto3_reaches_the_consumer(shared_dev, aws):
    _, note = shared_dev.request("POST", "/notes", {"title": "by boto3"}, user="boto3")
    sqs = aws("sqs")
    url = next(url for url in sqs.list_queues()["QueueUrls"] if "reminders" in url)
    mark = shared_dev.mark()

    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"userId": "boto3", "noteId": note["noteId"]}))

    started = shared_dev.wait_for(
        "InvocationStarted", since=mark, where=lambda event: event["function"] == "backend/send"
    )
    finished = shared_dev.wait_for(
        "InvocationFinished", since=mark, where=lambda event: event["request_id"] == started["request_id"]
    )

    assert started["trigger"]["label"] == "queue reminders"
    assert finished["outcome"] == "ok"


def test_the_schedule_is_deployed_and_its_job_runs(shared_dev, aws):
    shared_dev.request("POST", "/notes", {"title": "today"}, user="digest")
    (found,) = [
        one for one in aws("scheduler").list_schedules()["Schedules"] if "digest" in one["Name"].lower()
    ]
    schedule = aws("scheduler").get_schedule(Name=found["Name"], GroupName=found["GroupName"])
    mark = shared_dev.mark()

    event = {"detail-type": "Scheduled Event", "source": "aws.scheduler", "time": "2999-01-01T00:00:00Z"}
    result = aws("lambda").invoke(FunctionName=schedule["Target"]["Arn"], Payload=json.dumps(event))

    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 day)", "ENABLED")
    assert json.loads(result["Payload"].read()) == {"users": 0, "notes": 0}
    assert shared_dev.wait_for("InvocationStarted", since=mark)["trigger"]["label"] == "cron digest"


def test_a_function_is_invoked_with_a_saved_event(shared_dev):
    finished = sundog(shared_dev, "invoke", "digest", "--event", "daily-digest")

    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert set(json.loads(finished.stdout)) == {"users", "notes"}


def test_logs_of_a_function_are_shown_by_another_process(shared_dev, waiting):
    _, note = shared_dev.request("POST", "/notes", {"title": "in the logs"}, user="logs")
    shared_dev.request("POST", f"/notes/{note['noteId']}/reminders", user="logs")

    shared_dev.wait_for("LogWritten", where=lambda event: "in the logs" in event["text"])
    shown = waiting(
        lambda: "reminder for logs: in the logs" in sundog(shared_dev, "logs", "send").stdout,
        lambda: str(sundog(shared_dev, "logs", "send")),
    )

    assert shown


def test_the_examples_own_tests_pass_and_those_of_the_documentation(copy_of_notes):
    root = copy_of_notes()
    documented = re.findall(r"```python\n(.*?)```", (DOCS / "testing.md").read_text("utf-8"), re.DOTALL)
    (root / "tests" / "test_documented.py").write_text("\n\n".join(documented), "utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_examples_editor_files_are_what_sundog_writes(copy_of_notes):
    from sundog.live.debug.launch_json import launch_json, tasks_json

    folder = copy_of_notes() / ".vscode"

    assert (folder / "launch.json").read_text("utf-8") == launch_json()
    assert (folder / "tasks.json").read_text("utf-8") == tasks_json()
