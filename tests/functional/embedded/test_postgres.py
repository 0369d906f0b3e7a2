"""The Postgres of the embedded cloud: runs for apps that ask for it, keeps its data, and ends with the cloud."""

from __future__ import annotations

import os
import signal


def cluster(started):
    """Make a cluster and return what the Data API is given with each statement."""
    database = started.client("rds")
    database.create_db_cluster(
        DBClusterIdentifier="main",
        Engine="aurora-postgresql",
        EnableHttpEndpoint=True,
        MasterUsername="postgres",
        MasterUserPassword="only-on-this-machine",
    )
    database.create_db_instance(
        DBInstanceIdentifier="writer",
        DBClusterIdentifier="main",
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
    )
    secret = started.client("secretsmanager").create_secret(
        Name="main", SecretString='{"username": "postgres", "password": "only-on-this-machine"}'
    )
    arn = database.describe_db_clusters()["DBClusters"][0]["DBClusterArn"]
    return {"resourceArn": arn, "secretArn": secret["ARN"], "database": "notes"}


def server(folder):
    """Return the process id of the Postgres that runs with the state in a folder, or None."""
    note = folder / "postgres/data/postmaster.pid"
    return int(note.read_text().split()[0]) if note.exists() else None


def test_it_runs_when_asked_for_keeps_its_data_and_ends_with_the_cloud(
    run_cloud, tmp_path, is_running, wait_for
):
    with run_cloud(tmp_path) as first:
        assert server(tmp_path) is None
        first.call(first.cloud.prepare_databases)
        address = cluster(first)
        data = first.client("rds-data")
        data.execute_statement(**address, sql="create table notes (text text)")
        data.execute_statement(**address, sql="insert into notes values ('kept')")
        first.call(first.cloud.snapshot)
        running = server(tmp_path)
        assert is_running(running)
        os.kill(first.cloud.process_id, signal.SIGKILL)
        first.call(first.cloud.wait_exit)
        wait_for(lambda: not is_running(running), "the end of Postgres")

    with run_cloud(tmp_path) as second:
        second.call(second.cloud.prepare_databases)
        rows = second.client("rds-data").execute_statement(**address, sql="select text from notes")["records"]
        running = server(tmp_path)

        assert rows == [[{"stringValue": "kept"}]]
        assert is_running(running)
    wait_for(lambda: not is_running(running), "the end of Postgres")
