"""Start, stop, crash: nothing is left behind, nothing that was saved is lost."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile

import pytest

from sundog.aws.embedded.errors import CloudNotStarted, CloudPortTaken, CloudStateNotWritable, CloudStopped
from sundog.aws.embedded.previous import start_time


def queues(client):
    return [url.rpartition("/")[2] for url in client.list_queues().get("QueueUrls", [])]


def test_state_and_port_survive_a_stop(run_cloud, tmp_path):
    with run_cloud(tmp_path) as first:
        first.client("sqs").create_queue(QueueName="kept")
        first.client("s3").create_bucket(
            Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        first.client("s3").put_object(Bucket="kept", Key="a", Body=b"content")
        port = first.port
    with run_cloud(tmp_path) as second:
        assert second.port == port
        assert queues(second.client("sqs")) == ["kept"]
        assert second.client("s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"content"


def test_two_clouds_run_side_by_side(run_cloud, tmp_path):
    with run_cloud(tmp_path / "a") as one, run_cloud(tmp_path / "b") as other:
        one.client("sqs").create_queue(QueueName="one")

        assert one.port != other.port
        assert queues(other.client("sqs")) == []


def test_stop_ends_the_process_and_frees_the_port(run_cloud, tmp_path, is_running):
    with run_cloud(tmp_path) as started:
        process, port = started.cloud.process_id, started.port

    assert not is_running(process)
    assert not (tmp_path / "process.json").exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_stop_ends_in_time_while_a_request_waits(run_cloud, tmp_path, is_running):
    with run_cloud(tmp_path, stop_seconds=2) as started:
        url = started.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        poll = socket.create_connection(("127.0.0.1", started.port))
        body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
        poll.sendall(
            b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\n"
            b"content-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        )
        process = started.cloud.process_id
    poll.close()

    assert not is_running(process)


def test_cloud_dies_with_a_killed_parent(parent, is_running, wait_for):
    parent.kill()

    wait_for(lambda: not is_running(parent.child), "the cloud to end with its parent")

    assert not is_running(parent.child)


def test_data_survives_a_kill_of_everything(parent, run_cloud, tmp_path, wait_for, snapshot_with):
    parent.client("sqs").create_queue(QueueName="kept")
    wait_for(lambda: snapshot_with(tmp_path / "cloud", "sqs", "kept"), "a snapshot with the queue")
    os.kill(parent.child, signal.SIGKILL)
    parent.kill()

    with run_cloud(tmp_path / "cloud") as restarted:
        assert queues(restarted.client("sqs")) == ["kept"]


def test_snapshot_that_was_being_written_is_ignored(run_cloud, tmp_path):
    with run_cloud(tmp_path) as first:
        first.client("sqs").create_queue(QueueName="kept")
    unfinished = tmp_path / "snapshots" / "new"
    unfinished.mkdir()
    (unfinished / "sqs.json").write_text('{"__ministack_format__": 2, "payl')

    with run_cloud(tmp_path) as second:
        assert queues(second.client("sqs")) == ["kept"]


def test_repeated_kills_never_lose_what_a_snapshot_had(run_cloud, tmp_path, wait_for, snapshot_with):
    for number in range(3):
        with run_cloud(tmp_path, snapshot_seconds=0.05) as started:
            client = started.client("sqs")
            assert queues(client) == [f"q{earlier}" for earlier in range(number)]
            client.create_queue(QueueName=f"q{number}")
            wait_for(lambda: snapshot_with(tmp_path, "sqs", f"q{number}"), "a snapshot")  # noqa: B023 - called at once
            client.create_queue(QueueName="unsaved")
            client.delete_queue(QueueUrl=client.get_queue_url(QueueName="unsaved")["QueueUrl"])
            os.kill(started.cloud.process_id, signal.SIGKILL)
            assert started.call(started.cloud.wait_exit) == -signal.SIGKILL


def test_nothing_is_saved_while_nothing_changes(run_cloud, tmp_path, wait_for):
    with run_cloud(tmp_path) as started:
        started.client("sqs").create_queue(QueueName="q")

        def snapshots():
            started.call(started.cloud.snapshot)
            return sorted(entry.name for entry in (tmp_path / "snapshots").iterdir())

        # What runs beside the services comes to rest a moment after the start, a later one on a busy machine.
        seen = wait_for(
            lambda: (found := [snapshots() for _ in range(5)])[0] == found[-1] and found,
            "five snapshots in a row that add nothing",
        )

        assert seen == [seen[0]] * 5


def test_reset_deletes_everything_also_for_the_next_start(run_cloud, tmp_path):
    with run_cloud(tmp_path) as first:
        first.client("sqs").create_queue(QueueName="gone")
        first.call(first.cloud.snapshot)
        first.call(first.cloud.reset)
        assert queues(first.client("sqs")) == []
        os.kill(first.cloud.process_id, signal.SIGKILL)
    with run_cloud(tmp_path) as second:
        assert queues(second.client("sqs")) == []


def test_cloud_left_by_a_crash_is_taken_over(parent, run_cloud, tmp_path, is_running):
    os.kill(parent.child, signal.SIGSTOP)
    parent.kill()

    with run_cloud(tmp_path / "cloud") as restarted:
        assert not is_running(parent.child)
        assert restarted.cloud.endpoint_url == parent.endpoint_url


@pytest.mark.parametrize("started", ["an earlier time", None])
def test_innocent_process_with_the_noted_id_is_not_killed(run_cloud, tmp_path, is_running, started):
    innocent = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    )
    note = {"process_id": innocent.pid, "started": started or start_time(innocent.pid)}
    (tmp_path / "process.json").write_text(json.dumps(note))

    with run_cloud(tmp_path):
        alive = innocent.poll() is None
    innocent.communicate(b"\n")

    assert alive


def test_taken_port_is_told_with_its_holder(run_cloud, tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        (tmp_path / "port").write_text(f"{port}\n")

        with pytest.raises(CloudPortTaken) as caught, run_cloud(tmp_path):
            pass

    assert caught.value.what == f"port {port} of the local stage is taken"
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in caught.value.why
    assert str(tmp_path / "port") in caught.value.fixes[1]


def test_state_folder_that_cannot_be_written(run_cloud, tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CloudStateNotWritable) as caught, run_cloud(tmp_path / "file" / "cloud"):
        pass

    assert caught.value.why == "Not a directory"


def test_state_that_cannot_be_saved_is_reported_and_the_earlier_snapshot_stays(
    run_cloud, tmp_path, wait_for, snapshot_with
):
    with run_cloud(tmp_path, snapshot_seconds=1000) as started:
        started.client("sqs").create_queue(QueueName="kept")
        started.call(started.cloud.snapshot)
        (tmp_path / "snapshots").rename(tmp_path / "away")
        (tmp_path / "snapshots").write_text("in the way")
        started.client("sqs").create_queue(QueueName="later")

        with pytest.raises(CloudStopped) as caught:
            started.call(started.cloud.snapshot)

        (tmp_path / "snapshots").unlink()
        (tmp_path / "away").rename(tmp_path / "snapshots")
        assert snapshot_with(tmp_path, "sqs", "kept")
        assert queues(started.client("sqs")) == ["kept", "later"]
    assert caught.value.what == "the embedded cloud could not `snapshot`"


def test_failed_start_shows_the_output(run_cloud, tmp_path):
    (tmp_path / "snapshots").write_text("in the way")

    with pytest.raises(CloudNotStarted) as caught, run_cloud(tmp_path):
        pass

    assert caught.value.what == "the embedded cloud did not start"
    assert any("FileExistsError" in line for line in caught.value.details)


def test_call_of_a_cloud_that_was_killed_says_so(run_cloud, tmp_path):
    with run_cloud(tmp_path) as started:
        os.kill(started.cloud.process_id, signal.SIGKILL)
        started.call(started.cloud.wait_exit)

        with pytest.raises(CloudStopped, match="does not answer"):
            started.call(started.cloud.snapshot)


CODE = """
def handler(event, context):
    return "ran"
"""


def make_function(client, code):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in code.items():
            archive.writestr(name, content)
    role = "arn:aws:iam::000000000000:role/r"
    client.create_function(
        FunctionName="fn",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": packed.getvalue()},
    )


def test_code_of_functions_survives_restarts_and_kills(run_cloud, tmp_path):
    with run_cloud(tmp_path) as first:
        make_function(first.client("lambda"), {"index.py": CODE})
    for _ in range(2):
        with run_cloud(tmp_path) as again:
            answer = again.client("lambda").invoke(FunctionName="fn")
            assert json.load(answer["Payload"]) == "ran"
            again.client("sqs").create_queue(QueueName="changes-something")
            again.call(again.cloud.snapshot)
            again.client("sqs").create_queue(QueueName="changes-more")
            again.call(again.cloud.snapshot)
            os.kill(again.cloud.process_id, signal.SIGKILL)
