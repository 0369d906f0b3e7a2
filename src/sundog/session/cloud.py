"""Which cloud a stage lives in, and the way to it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable

import msgspec

from sundog.aws.embedded.cloud import EmbeddedCloud
from sundog.aws.embedded.interface import Capabilities, LocalCloud
from sundog.aws.endpoint import AwsConnection
from sundog.aws.external import ExternalCloud
from sundog.aws.sts import role_credentials
from sundog.model.events import Notice, Observer
from sundog.model.functions import Credentials, CredentialsSource, DeployedFunction
from sundog.model.project import Project, Stage
from sundog.session.lock import running_session


class StageCloud(msgspec.Struct, frozen=True, kw_only=True):
    """A stage's cloud, reachable."""

    connection: AwsConnection
    capabilities: Capabilities | None = None
    rewrite_url: Callable[[str], str] | None = None
    local: LocalCloud | None = None
    """What hands events to this machine; None for AWS."""


def local_cloud(project: Project, stage: Stage, observer: Observer, *, port: int | None = None) -> LocalCloud:
    """Describe the cloud of the local stage: the embedded one, unless the settings name an endpoint."""
    settings = project.settings.local
    if settings.endpoint_url is not None:
        return ExternalCloud(settings.endpoint_url)

    def progress(text: str) -> None:
        observer(Notice(at=time.time(), level="info", text=text))

    return EmbeddedCloud(
        project.stage_dir(stage.name) / "cloud",
        region=stage.region,
        port=port or settings.port,
        progress=progress,
    )


def reach(stage: Stage, cloud: LocalCloud) -> StageCloud:
    """Return the way to a local cloud that has been started."""
    return StageCloud(
        connection=AwsConnection(stage, endpoint_url=cloud.endpoint_url),
        capabilities=cloud.capabilities(),
        rewrite_url=cloud.rewrite_url,
        local=cloud,
    )


def credentials_from(connection: AwsConnection) -> CredentialsSource:
    """Return what gives functions the credentials of their own roles."""

    async def credentials(function: DeployedFunction) -> Credentials:
        return await role_credentials(connection, function.role_arn, function.physical_name)

    return credentials


@contextlib.asynccontextmanager
async def open_cloud(project: Project, stage: Stage, observer: Observer) -> AsyncIterator[StageCloud]:
    """Reach a stage's cloud for the length of a command that deploys: the local one is started, and stopped again.

    The caller holds the stage, so no session of the same stage has the local cloud running.

    Raises:
        CloudError: The local cloud could not be started.
    """
    if not stage.is_local:
        yield StageCloud(connection=AwsConnection(stage))
        return
    cloud = local_cloud(project, stage, observer)
    try:
        await cloud.start()
        yield reach(stage, cloud)
    finally:
        await cloud.stop()


def running_connection(project: Project, stage: Stage) -> AwsConnection | None:
    """Return the way to a cloud that runs already: AWS, the user's endpoint, or a session's; None when there is none."""
    if not stage.is_local:
        return AwsConnection(stage)
    if project.settings.local.endpoint_url is not None:
        return AwsConnection(stage, endpoint_url=project.settings.local.endpoint_url)
    note = running_session(project.stage_dir(stage.name))
    if note is None or note.endpoint_url is None:
        return None
    return AwsConnection(stage, endpoint_url=note.endpoint_url)
