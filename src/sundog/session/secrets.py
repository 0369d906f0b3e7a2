"""The secrets of a stage: what `sundog secret` reads and writes, and how a session hears of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Container, Iterable, Mapping
from pathlib import Path

import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.aws.ssm import decrypted, decrypted_below, delete_parameter, put_secret
from sundog.errors import ConfigError, SundogError, suggestion
from sundog.live.session import LiveSession
from sundog.model.events import Notice, Observer
from sundog.model.manifest import FunctionEntry, Manifest
from sundog.model.project import Project, Stage
from sundog.model.secrets import FALLBACK, secret_parameter, secrets_path
from sundog.session.cloud import open_cloud, running_connection
from sundog.session.lock import LOCK_FILE, SessionNote, hold_stage
from sundog.session.recording import Recording

CHANGES_FILE = "secret-changes"
"""In the folder of a stage; every line is the name of a secret that was changed."""
LOOK_SECONDS = 0.25


class SecretNotSet(ConfigError):
    """A secret has no value on the stage, and no fallback.

    `sundog secret set` gives it one: on the stage that `--stage` names, or with `--fallback` for every stage of the app in the
    same account and region that has none of its own.
    """

    code = "SD-CONFIG-030"


class SecretsDiffer(ConfigError):
    """A secret has another value, or none, in one of the regions of a stage, and one answer is not all.

    `sundog secret list --stage <name>` shows which regions have it, `--region` asks one. `sundog secret set` without `--region`
    gives it the same value in each.
    """

    code = "SD-CONFIG-031"


class SecretValue(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that has a value."""

    name: str
    value: str
    is_fallback: bool


class Secrets:
    """The secrets of a stage in the cloud that it lives in."""

    def __init__(self, connection: AwsConnection, project: Project, stage: Stage, *, fallback: bool) -> None:
        """Take the way to the cloud.

        Args:
            connection: The way to it.
            project: Whose secrets they are.
            stage: The stage.
            fallback: Read and write what counts for every stage without a value of its own.
        """
        self._connection = connection
        self._project = project
        self._stage = stage
        self._fallback = fallback
        self._owner = FALLBACK if fallback else stage.name

    async def find(self, name: str) -> SecretValue | SecretNotSet:
        """Return what `get` does, or the error that it would raise."""
        try:
            return await self.get(name)
        except SecretNotSet as error:
            return error

    async def get(self, name: str) -> SecretValue:
        """Return a secret's value: the stage's own, or the fallback.

        Raises:
            SecretNotSet: It has none.
        """
        own, fallback = self._parameter(name), self._parameter(name, FALLBACK)
        found = await decrypted(self._connection, list(dict.fromkeys([own, fallback])))
        if own in found:
            return SecretValue(name=name, value=found[own], is_fallback=self._fallback)
        if fallback in found:
            return SecretValue(name=name, value=found[fallback], is_fallback=True)
        raise self._not_set(name, await self._values(self._owner))

    async def list(self) -> list[SecretValue]:
        """Return all secrets that have a value, by name."""
        fallbacks = await self._values(FALLBACK)
        own = {} if self._fallback else await self._values(self._stage.name)
        return [
            SecretValue(name=name, value=own.get(name, fallbacks.get(name, "")), is_fallback=name not in own)
            for name in sorted({*fallbacks, *own})
        ]

    async def set(self, values: Mapping[str, str]) -> None:
        """Give secrets their values; sessions that run hear of it."""
        for name, value in values.items():
            await put_secret(self._connection, self._parameter(name), value)
        self._tell_sessions(values)

    async def remove(self, name: str) -> SecretNotSet | None:
        """Take a secret's value away; sessions that run hear of it. Return what is wrong when it has none."""
        if not await delete_parameter(self._connection, self._parameter(name)):
            return self._not_set(name, await self._values(self._owner))
        self._tell_sessions([name])
        return None

    async def _values(self, owner: str) -> dict[str, str]:
        return await decrypted_below(self._connection, secrets_path(self._project.settings.name, owner))

    def _parameter(self, name: str, owner: str | None = None) -> str:
        return secret_parameter(self._project.settings.name, owner or self._owner, name)

    def _not_set(self, name: str, known: Iterable[str]) -> SecretNotSet:
        close = suggestion(name, known)
        where = "for all stages" if self._fallback else f"on the stage `{self._stage.name}`"
        option = "--fallback" if self._fallback else f"--stage {self._stage.name}"
        return SecretNotSet(
            f"the secret `{name}` is not set {where}",
            why=f"the closest is `{close}`" if close else None,
            fix=[
                *([f"use that one: `sundog secret get {close} {option}`"] if close else []),
                f"set it: `sundog secret set {name} {option}`",
            ],
        )

    def _tell_sessions(self, names: Iterable[str]) -> None:
        folders = [self._project.stage_dir(self._stage.name)]
        if self._fallback:
            folders = [lock.parent for lock in self._project.base_dir.glob(f"*/{LOCK_FILE}")]
        for folder in folders:
            if folder.is_dir():
                note_changes(folder, names)


@contextlib.asynccontextmanager
async def open_secrets(
    project: Project, stage: Stage, *, observer: Observer, fallback: bool
) -> AsyncIterator[Secrets]:
    """Reach the secrets of a stage; the local cloud is started for it unless a session has it running.

    Raises:
        StageBusy: Another command is starting or using the local cloud.
        CloudError: The local cloud could not be started.
    """
    connection = running_connection(project, stage)
    if connection is not None:
        yield Secrets(connection, project, stage, fallback=fallback)
        return
    note = SessionNote(pid=os.getpid(), command="secret", started_at=time.time())
    with hold_stage(project.stage_dir(stage.name), note):
        async with open_cloud(project, stage, observer) as cloud:
            yield Secrets(cloud.connection, project, stage, fallback=fallback)


def one_value(found: Mapping[str, SecretValue | SecretNotSet]) -> SecretValue:
    """Return the value of a secret that all regions have.

    Raises:
        SecretNotSet: No region has one.
        SecretsDiffer: Not all have the same.
    """
    values = {region: one for region, one in found.items() if isinstance(one, SecretValue)}
    missing = {region: one for region, one in found.items() if isinstance(one, SecretNotSet)}
    if not values:
        raise next(iter(missing.values()))
    first = next(iter(values.values()))
    if missing or any(one.value != first.value for one in values.values()):
        raise SecretsDiffer(
            f"the secret `{first.name}` is not the same in all regions of the stage",
            why=f"it is not set in {', '.join(missing)}" if missing else f"{', '.join(values)} differ",
            fix=[
                f"ask one region: add `--region {next(iter(found))}`",
                f"or give it one value in all: `sundog secret set {first.name}` without `--region`",
            ],
        )
    return first


def agreed(found: Mapping[str, list[SecretValue]]) -> list[SecretValue]:
    """Return the secrets of a stage when they are the same in all of its regions.

    Raises:
        SecretsDiffer: One is not.
    """
    names = list(dict.fromkeys(one.name for values in found.values() for one in values))
    by_region = {region: {one.name: one for one in values} for region, values in found.items()}

    def in_region(region: str, name: str) -> SecretValue | SecretNotSet:
        return by_region[region].get(name) or SecretNotSet(f"the secret `{name}` is not set in {region}")

    return [one_value({region: in_region(region, name) for region in found}) for name in sorted(names)]


async def values_of(connection: AwsConnection, manifest: Manifest) -> list[str]:
    """Return all values that the secrets of an app have now, so that they can be kept out of what is written."""
    names = [
        str(entry.attributes[which])
        for entry in manifest.resources_of("Secret")
        for which in ("parameter", "fallback")
    ]
    return list((await decrypted(connection, names)).values())


def renew_readers(live: LiveSession, manifest: Manifest, names: Container[str]) -> list[FunctionEntry]:
    """Start the functions anew that secrets are bound to, since they keep what they read; return them.

    Args:
        live: Where they run.
        manifest: The app that is deployed.
        names: The secrets that were changed.
    """
    changed = {entry.id for entry in manifest.resources_of("Secret") if entry.name in names}
    readers = [entry for entry in manifest.functions if not changed.isdisjoint(entry.bindings)]
    for pool in live.pools:
        if any(entry.id == pool.function.entry.id for entry in readers):
            pool.renew()
    return readers


async def learn_secrets(connection: AwsConnection, manifest: Manifest, observer: Recording) -> None:
    """Keep the values that the app's secrets have now out of all that is written and shown; say when that cannot be.

    Args:
        connection: Where the values are.
        manifest: Names the secrets.
        observer: What records and shows.
    """
    try:
        values = await values_of(connection, manifest)
    except SundogError as error:
        text = f"the secrets cannot be read, so they are not taken out of what functions log: {error.what}"
        observer(Notice(at=time.time(), level="warning", text=text, fix="\n".join(error.fixes) or None))
        return
    observer.redactor.add_secrets(values)


def note_changes(stage_dir: Path, names: Iterable[str]) -> None:
    """Tell the session of a stage, if there is one, which secrets were changed."""
    # One write of less than a page: lines of two commands are not mixed.
    with (stage_dir / CHANGES_FILE).open("a", encoding="ascii") as file:
        file.write("".join(f"{name}\n" for name in names))


class SecretChanges:
    """What `sundog secret` changes while a session runs."""

    def __init__(self, stage_dir: Path) -> None:
        """Forget what was changed before."""
        self._file = stage_dir / CHANGES_FILE
        self._file.unlink(missing_ok=True)
        self._read = 0

    async def next(self) -> set[str]:
        """Wait for a change; return the names of the secrets."""
        while True:
            if names := self._look():
                return names
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> set[str]:
        try:
            if self._file.stat().st_size <= self._read:
                return set()
            with self._file.open("rb") as file:
                file.seek(self._read)
                news = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return set()
        self._read += len(news) + 1 if news else 0
        return set(news.decode("ascii").split())
