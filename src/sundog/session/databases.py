"""Databases of the local stage: what has to run before an app that has one is deployed."""

from __future__ import annotations

from sundog.errors import Location, UnsupportedError
from sundog.model.manifest import Manifest
from sundog.session.cloud import StageCloud


class EngineUnsupported(UnsupportedError):
    """A `Database` has an engine that the embedded cloud does not have.

    It runs Postgres. MySQL is deployed to stages in AWS.
    """

    code = "SD-UNSUPPORTED-023"


async def prepare_databases(cloud: StageCloud, manifest: Manifest) -> None:
    """Start what the app's databases need on this machine; AWS needs nothing.

    Raises:
        EngineUnsupported: The cloud of the stage does not have the engine.
        CloudError: Postgres cannot be installed or started.
    """
    if cloud.local is None or not manifest.databases:
        return
    for entry in manifest.databases:
        if cloud.capabilities is not None and entry.engine != "postgres":
            raise EngineUnsupported(
                f"Database `{entry.name}` is `{entry.engine}`, which the {cloud.capabilities.name} does not have",
                where=None if entry.place is None else Location(entry.place.file, entry.place.line),
                fix=[
                    'write `engine="postgres"`',
                    "or deploy to a stage in AWS: `sundog deploy --stage <name>`",
                ],
            )
    await cloud.local.prepare_databases()
