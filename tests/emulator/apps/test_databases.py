"""Databases: SQL from a function through the Data API, on the Postgres of the embedded cloud, and migrations."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import msgspec
import pytest

from sundog.deploy.migrations.renew import DatabaseInUse
from sundog.errors import DeployError
from sundog.model.project import LocalSettings
from sundog.session.commands import run_migrate

pytestmark = pytest.mark.xdist_group("apps")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "databases") as running:
        yield running


@pytest.fixture
def sql(app):
    """Runs a statement in the app's function, with its binding."""

    def run(statement, **parameters):
        return app.invoke("sql", {"sql": statement, "parameters": parameters})

    return run


@pytest.fixture
def data_api(app):
    """Calls the Data API itself."""
    values = app.function("sql").environment["SUNDOG_RESOURCE_MAIN"]
    binding = json.loads(values)
    client = app.client("rds-data")
    address = {"resourceArn": binding["cluster_arn"], "secretArn": binding["secret_arn"]}

    def call(operation, **arguments):
        if operation in {"execute_statement", "begin_transaction"}:
            arguments["database"] = binding["database_name"]
        return getattr(client, operation)(**address, **arguments)

    call.exceptions = client.exceptions
    return call


@pytest.fixture
def add_migration(app):
    """Writes a migration that comes after those there are; tests run in any order."""

    def add(name, text):
        folder = app.root / "migrations"
        file = folder / f"{len(list(folder.iterdir())) + 1:04}_{name}.sql"
        file.write_text(text)
        return file

    return add


def test_migrations_have_run_when_the_deploy_has_ended(sql):
    assert sql("select id, name, settings->>'theme' as theme, tags from users where id = 1") == [
        {"id": 1, "name": "ada; countess", "theme": "dark", "tags": None}
    ]
    assert sql("select greeting('ada')") == [{"greeting": "hello ada"}]
    assert sql("select count(*) as n from sundog_migrations where name = '0001_users'") == [{"n": 1}]


def test_values_keep_their_types_on_the_way(sql):
    (row,) = sql(
        "select :number * 2 as number, :flag::boolean as flag, :text || '%' as text, :nothing::text as nothing,"
        " array[1, 2] as list, '{\"a\": [1]}'::jsonb as document",
        number=21,
        flag=True,
        text="100",
        nothing=None,
    )

    assert row == {
        "number": 42,
        "flag": True,
        "text": "100%",
        "nothing": None,
        "list": [1, 2],
        "document": '{"a": [1]}',
    }


def test_a_transaction_is_seen_by_others_when_it_is_committed_and_a_waiting_one_holds_up_nobody(
    data_api, sql
):
    first = data_api("begin_transaction")["transactionId"]
    data_api("execute_statement", sql="insert into users (name) values ('grace')", transactionId=first)
    count = "select count(*) as n from users where name = 'grace'"

    assert sql(count) == [{"n": 0}]
    data_api("commit_transaction", transactionId=first)
    assert sql(count) == [{"n": 1}]
    second = data_api("begin_transaction")["transactionId"]
    data_api("execute_statement", sql="delete from users where name = 'grace'", transactionId=second)
    data_api("rollback_transaction", transactionId=second)
    assert sql(count) == [{"n": 1}]


def test_errors_have_the_words_of_the_database(data_api):
    with pytest.raises(data_api.exceptions.DatabaseErrorException) as failed:
        data_api("execute_statement", sql="select * from nobody")

    assert failed.value.response["Error"]["Message"] == (
        'ERROR: relation "nobody" does not exist; Position: 15; SQLState: 42P01'
    )


def test_a_new_migration_runs_with_the_next_deploy_and_once(app, sql, add_migration):
    name = add_migration("email", "alter table users add column email text;\n").stem
    app.deploy()
    app.deploy()

    assert sql("select count(email) as n from users") == [{"n": 0}]
    assert sql("select count(*) as n from sundog_migrations where name = :name", name=name) == [{"n": 1}]


def test_the_command_runs_what_was_added_since(app, sql, add_migration):
    name = add_migration("notes", "create table notes (text text);\n").stem
    local = LocalSettings(endpoint_url=app.endpoint_url)
    settings = msgspec.structs.replace(app.project.settings, local=local)
    project = msgspec.structs.replace(app.project, settings=settings)
    told = []

    async def command():
        await run_migrate(project, project.stage(None), app.manifest, observer=told.append)

    anyio.run(command)
    anyio.run(command)

    assert sql("select count(*) as n from notes") == [{"n": 0}]
    assert f"{name} ran" in told[0].text
    assert told[1].text == "every database has all migrations"


def test_a_migration_that_fails_is_undone_and_shown_with_its_line(app, sql, add_migration):
    file = add_migration("broken", "create table half (id int);\n\ninsert into none values (1);\n")
    try:
        with pytest.raises(DeployError) as failed:
            app.deploy()
    finally:
        file.unlink()

    assert failed.value.code == "SD-DATABASE-011"
    assert str(failed.value.where) == f"migrations/{file.name}:3  insert into none values (1)"
    assert 'relation "none" does not exist' in failed.value.why
    assert sql("select count(*) as n from information_schema.tables where table_name = 'half'") == [{"n": 0}]


def test_a_migration_that_ran_is_not_to_be_edited(app):
    file = app.root / "migrations/0001_users.sql"
    text = file.read_text()
    file.write_text(text.replace("ada", "eve"))
    try:
        with pytest.raises(DeployError) as failed:
            app.deploy()
    finally:
        file.write_text(text)

    assert failed.value.code == "SD-DATABASE-010"
    assert failed.value.what == "the migration `0001_users` of Database `main` was edited after it was run"


def test_a_reset_leaves_the_database_as_its_migrations_do(app, sql):
    migrated = sql("select name from sundog_migrations order by name")
    for statement in (
        "update users set name = 'spoilt' where id = 1",
        "insert into users (name) values ('eve')",
        "create table scratch (id int)",
        'create schema "of a test"',
    ):
        sql(statement)

    app.reset()

    assert sql("select id, name from users") == [{"id": 1, "name": "ada; countess"}]
    assert sql("select to_regclass('scratch') is null as gone") == [{"gone": True}]
    assert sql("select count(*) as n from pg_namespace where nspname = 'of a test'") == [{"n": 0}]
    assert sql("select name from sundog_migrations order by name") == migrated


def test_a_reset_tells_of_a_transaction_that_was_left_open(app, data_api, sql):
    left = data_api("begin_transaction")["transactionId"]
    data_api("execute_statement", sql="insert into users (name) values ('left')", transactionId=left)
    try:
        with pytest.raises(DatabaseInUse) as refused:
            app.reset()
    finally:
        data_api("rollback_transaction", transactionId=left)

    assert refused.value.what == "Database `main` cannot be emptied"
    assert "lock timeout" in refused.value.why
    assert sql("select count(*) as n from users where id = 1") == [{"n": 1}]
