"""Deploying a synthesized app to its stage's cloud: what `dev`, `deploy` and hosted apps have in common."""

from __future__ import annotations

from collections.abc import Collection

from sundog.deploy.engine import DeployResult, deploy
from sundog.deploy.synth.service import SynthResult
from sundog.model.events import Observer
from sundog.model.project import Project, Stage
from sundog.session.cloud import StageCloud
from sundog.session.databases import prepare_databases


async def deploy_to(
    cloud: StageCloud,
    project: Project,
    stage: Stage,
    synthesized: SynthResult,
    *,
    observer: Observer,
    only: Collection[str] = (),
    previous: DeployResult | None = None,
    served: Collection[str] = (),
) -> DeployResult:
    """Start what the app needs on this machine besides the cloud, and deploy the stacks that changed.

    Args:
        cloud: Where to.
        project: Whose app it is.
        stage: The copy of the app.
        synthesized: What is deployed.
        observer: Told what happens.
        only: Ids or names of stacks; what they depend on is deployed with them. Empty means all.
        previous: The result of the last deploy with this connection.
        served: Ids of uploads that are not made, because a live session serves the files itself.

    Raises:
        EngineUnsupported: The cloud does not have a database's engine.
        SundogError: Something failed; `SeveralErrors` when more than one thing did.
    """
    await prepare_databases(cloud, synthesized.manifest)
    return await deploy(
        project,
        stage,
        synthesized.assembly,
        synthesized.manifest,
        cloud.connection,
        observer=observer,
        capabilities=cloud.capabilities,
        rewrite_url=cloud.rewrite_url,
        only=set(only) or None,
        previous=previous,
        served=served,
    )
