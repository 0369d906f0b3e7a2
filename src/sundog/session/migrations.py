"""What `sundog migrate` does with the databases of a stage."""

from __future__ import annotations

import msgspec

from sundog.aws.cloudformation import describe_stack
from sundog.deploy.concurrency import for_all
from sundog.deploy.migrations.run import Migrations, MigrationState, migrations_of
from sundog.deploy.report import Report
from sundog.errors import UsageError, suggestion
from sundog.model.events import Observer
from sundog.model.manifest import Manifest
from sundog.model.project import Project, Stage
from sundog.session.cloud import running_connection
from sundog.session.commands import NothingRuns


class UnknownDatabase(UsageError):
    """The app has no database of this id with migrations, or several and none was named."""

    code = "SD-USAGE-035"


class MigrationTask(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done: `up`, `down`, `redo`, `to` a name, or `list`."""

    action: str
    name: str = ""
    database: str | None = None
    """Id of the only database to do it with."""


async def run_migrations(
    project: Project, stage: Stage, manifest: Manifest, task: MigrationTask, *, observer: Observer
) -> list[MigrationState]:
    """Run or undo migrations of the stage's databases; return how each stands afterwards.

    Raises:
        NothingRuns: The local stage has no session.
        UnknownDatabase: There is none of the given id, or it was not said which one is meant.
        SundogError: A migration failed, or cannot be run or undone.
    """
    entries = [
        entry
        for entry in manifest.databases
        if entry.migrations is not None and task.database in (None, entry.name)
    ]
    known = [entry.name for entry in manifest.databases if entry.migrations is not None]
    if task.database is not None and not entries:
        close = suggestion(task.database, known)
        raise UnknownDatabase(
            f"the app has no database `{task.database}` with migrations",
            why=f"those with migrations are {', '.join(known)}" if known else "none has migrations",
            fix=f"write `--database {close}`" if close else "leave `--database` out",
        )
    if len(entries) > 1 and task.action in {"down", "redo", "to"}:
        raise UnknownDatabase(
            f"the app has {len(entries)} databases with migrations",
            why="what was run in one was not run in another",
            fix=f"add `--database {known[0]}`",
        )
    connection = running_connection(project, stage)
    if connection is None:
        raise NothingRuns(
            f"the databases of the stage `{stage.name}` do not run",
            why="the local stage runs while `sundog dev` does",
            fix="start `sundog dev`, which runs migrations itself",
        )
    names = sorted({entry.stack for entry in entries})
    states = {name: state for name in names if (state := await describe_stack(connection, name))}
    wanted = msgspec.structs.replace(manifest, databases=entries)
    databases = await migrations_of(connection, project.root, wanted, states)
    report = Report(project, manifest, observer)
    await for_all(lambda one: _carry_out(one, task, report), databases)
    if not databases:
        report.notice("info", "no database with migrations is deployed")
    return [state for one in databases for state in one.states()]


async def _carry_out(database: Migrations, task: MigrationTask, report: Report) -> None:
    undone: list[str] = []
    ran: list[str] = []
    match task.action:
        case "list":
            return
        case "down":
            undone = await database.down()
        case "redo":
            undone = ran = await database.redo()
        case "to":
            undone, ran = await database.to(task.name)
        case _:
            ran = await database.up()
    done = [f"{', '.join(names)} {what}" for names, what in ((undone, "undone"), (ran, "ran")) if names]
    nothing = "has all migrations" if task.action == "up" else "had nothing to change"
    report.notice(
        "info",
        f"Database `{database.entry.name}`: {'; '.join(done)}"
        if done
        else f"Database `{database.entry.name}` {nothing}",
    )
