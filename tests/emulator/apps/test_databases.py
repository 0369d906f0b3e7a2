"""Databases: SQL from a function through the Data API, on the Postgres of the embedded cloud, and migrations."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import anyio
import msgspec
import pytest

from sundog.deploy.migrations.renew import DatabaseInUse
from sundog.errors import DeployError, SundogError
from sundog.model.project import LocalSettings
from sundog.session.migrations import MigrationTask, run_migrations

pytestmark = pytest.mark.xdist_group("apps-databases")


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

    def add(name, text, undo=None):
        folder = app.root / "migrations"
        file = (
            folder / f"{len(list(folder.iterdir())) + 1:04}_{name}.sql"
        )  # a way back counts too: gaps do no harm
        file.write_text(text)
        if undo is not None:
            file.with_suffix(".down.sql").write_text(undo)
        return file

    return add


@pytest.fixture
def migrate(app):
    """Does what `sundog migrate` does; returns how the migrations stand and what was said."""

    def run(action="up", name="", database=None):
        local = LocalSettings(endpoint_url=app.endpoint_url)
        settings = msgspec.structs.replace(app.project.settings, local=local)
        project = msgspec.structs.replace(app.project, settings=settings)
        task = MigrationTask(action=action, name=name, database=database)
        told = []

        async def command():
            return await run_migrations(
                project, project.stage(None), app.manifest, task, observer=told.append
            )

        states = anyio.run(command)
        return {one.name: one for one in states}, [event.text for event in told]

    return run


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


def test_the_command_runs_what_was_added_since(sql, add_migration, migrate):
    name = add_migration("notes", "create table notes (text text);\n").stem
    before, nothing = migrate("list")
    _, first = migrate()
    after, second = migrate()

    assert sql("select count(*) as n from notes") == [{"n": 0}]
    assert (before[name].state, after[name].state, nothing) == ("pending", "ran", [])
    assert after[name].ran_at
    assert first[0].endswith(f"{name} ran")
    assert second == ["Database `main` has all migrations"]


def test_the_last_migration_is_taken_back_edited_and_run_again(sql, add_migration, migrate):
    file = add_migration("colors", "create table colors (name text);\n", "drop table colors;\n")
    migrate()
    file.write_text("create table colors (name text, code text);\n")
    edited, _ = migrate("list")
    again, told = migrate("redo")
    sql("insert into colors (name, code) values ('red', 'f00')")
    undone, _ = migrate("down")

    assert (edited[file.stem].state, again[file.stem].state) == ("edited", "ran")
    assert told == [f"Database `main`: {file.stem} undone; {file.stem} ran"]
    assert (undone[file.stem].state, undone[file.stem].can_undo) == ("pending", True)
    assert sql("select count(*) as n from information_schema.tables where table_name = 'colors'") == [
        {"n": 0}
    ]


def test_a_database_goes_back_to_a_migration_and_forward_again(sql, add_migration, migrate):
    migrate()
    ran, _ = migrate("list")
    here = max(ran)
    first = add_migration("one", "create table one (id int);\n", "drop table one;\n").stem
    second = add_migration("two", "create table two (id int);\n", "drop table two;\n").stem
    _, forward = migrate("to", first)
    migrate()
    _, back = migrate("to", here)

    assert forward == [f"Database `main`: {first} ran"]
    assert back == [f"Database `main`: {second}, {first} undone"]
    assert sql("select count(*) as n from information_schema.tables where table_name in ('one', 'two')") == [
        {"n": 0}
    ]


def test_what_has_no_way_back_stays_and_so_does_all_that_ran_after_it(sql, add_migration, migrate):
    kept = add_migration("kept", "create table kept (id int);\n")
    later = add_migration("later", "create table later (id int);\n", "drop table later;\n")
    migrate()
    states, _ = migrate("list")
    before = max(name for name in states if name < kept.stem)
    with pytest.raises(DeployError) as failed:
        migrate("to", before)
    with pytest.raises(DeployError) as unknown:
        migrate("to", later.stem + "r")
    with pytest.raises(SundogError) as elsewhere:
        migrate("down", database="mian")

    assert (failed.value.code, str(failed.value.where)) == ("SD-DATABASE-015", f"migrations/{kept.name}")
    assert failed.value.fixes == (f"write `migrations/{kept.stem}.down.sql`",)
    assert sql("select count(*) as n from later") == [{"n": 0}]
    assert (unknown.value.code, unknown.value.fixes) == ("SD-DATABASE-014", (f"write `{later.stem}`",))
    assert (elsewhere.value.code, elsewhere.value.fixes) == ("SD-USAGE-035", ("write `--database main`",))


def test_the_data_api_gives_every_kind_of_value_its_own_form(data_api):
    answer = data_api(
        "execute_statement",
        sql="select true as flag, 7::bigint as whole, 1.5::float8 as part, 1.10::numeric as price, 'ab'::text as text,"
        " '\\x00ff'::bytea as bytes, null::int as nothing, '{\"a\": 1}'::json as document,"
        " '0b0e9ef0-0000-4000-8000-000000000001'::uuid as id, timestamp '2026-11-25 03:00:00' as moment,"
        " date '2026-11-25' as day, array['x', 'y'] as texts, array[true, false] as flags, array[1.5, 2] as parts",
        includeResultMetadata=True,
    )
    row = dict(
        zip([column["name"] for column in answer["columnMetadata"]], answer["records"][0], strict=True)
    )

    assert row == {
        "flag": {"booleanValue": True},
        "whole": {"longValue": 7},
        "part": {"doubleValue": 1.5},
        "price": {"stringValue": "1.10"},
        "text": {"stringValue": "ab"},
        "bytes": {"blobValue": b"\x00\xff"},
        "nothing": {"isNull": True},
        "document": {"stringValue": '{"a": 1}'},
        "id": {"stringValue": "0b0e9ef0-0000-4000-8000-000000000001"},
        "moment": {"stringValue": "2026-11-25 03:00:00"},
        "day": {"stringValue": "2026-11-25"},
        "texts": {"arrayValue": {"stringValues": ["x", "y"]}},
        "flags": {"arrayValue": {"booleanValues": [True, False]}},
        "parts": {"arrayValue": {"stringValues": ["1.5", "2"]}},
    }


def test_typed_parameters_and_batches_reach_the_database(data_api, sql):
    sql(
        "create table if not exists things (id uuid, made timestamp, amount numeric, picture bytea, facts json)"
    )
    one = [
        {"name": "id", "typeHint": "UUID", "value": {"stringValue": "0b0e9ef0-0000-4000-8000-000000000002"}},
        {"name": "made", "typeHint": "TIMESTAMP", "value": {"stringValue": "2026-11-25 03:00:00.5"}},
        {"name": "amount", "typeHint": "DECIMAL", "value": {"stringValue": "9.99"}},
        {"name": "picture", "value": {"blobValue": b"\x01\x02"}},
        {"name": "facts", "typeHint": "JSON", "value": {"stringValue": '{"a": [1]}'}},
    ]
    two = [{"name": item["name"], "value": {"isNull": True}} for item in one]
    answer = data_api(
        "batch_execute_statement",
        sql="insert into things values (:id, :made, :amount, :picture, :facts)",
        parameterSets=[one, two],
        database="main",
    )

    assert len(answer["updateResults"]) == 2
    assert sql(
        "select amount, encode(picture, 'hex') as picture, facts->'a'->>0 as fact, made::text as made from things where id is not null"
    ) == [{"amount": "9.99", "picture": "0102", "fact": "1", "made": "2026-11-25 03:00:00.5"}]
    assert sql("select count(*) as n from things where id is null and made is null") == [{"n": 1}]


def test_rows_come_as_json_when_asked(data_api):
    answer = data_api(
        "execute_statement",
        sql="select 1 as id, 'a' as name, array[1, 2] as list, null::text as nothing",
        formatRecordsAs="JSON",
    )

    assert json.loads(answer["formattedRecords"]) == [{"id": 1, "name": "a", "list": [1, 2], "nothing": None}]
    assert "records" not in answer


def test_a_result_of_more_than_a_megabyte_is_refused(data_api):
    with pytest.raises(data_api.exceptions.BadRequestException) as refused:
        data_api("execute_statement", sql="select repeat('x', 1100000) as text")

    assert "Database returned more than the allowed response size limit" in str(refused.value)


def test_the_command_line_shows_undoes_and_refuses(app, add_migration, migrate):
    name = add_migration("shown", "create table shown (id int);\n", "drop table shown;\n").stem
    migrate()
    settings = app.root / "pyproject.toml"
    settings.write_text(f'{settings.read_text()}\n[tool.sundog.local]\nendpoint_url = "{app.endpoint_url}"\n')

    def sundog(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "sundog", "migrate", *arguments],
            cwd=app.root,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    undone = sundog("--down")
    shown = sundog("--list")
    lines = [json.loads(line) for line in sundog("--list", "--json").stdout.splitlines()]
    both = sundog("--down", "--redo")

    assert f"Database `main`: {name} undone" in undone.stderr
    assert f"{name}  pending" in re.sub(" +", "  ", shown.stdout)
    assert "0001_users" in shown.stdout
    states = {line["name"]: line for line in lines if line["type"] == "Migration"}
    assert (states[name]["state"], states[name]["can_undo"]) == ("pending", True)
    assert (states["0001_users"]["state"], states["0001_users"]["can_undo"]) == ("ran", False)
    assert (both.returncode, "SD-USAGE-003" in both.stderr) == (2, True)


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
    files = (app.root / "migrations").glob("*.sql")
    migrations = sorted(file.stem for file in files if not file.name.endswith(".down.sql"))
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
    assert [one["name"] for one in sql("select name from sundog_migrations order by name")] == migrations


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
