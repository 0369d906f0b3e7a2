"""Scripts run while their stack is deployed, and so before the deploy has told the session which functions there are.

The session is asked for an unknown function, finds it among the resources that CloudFormation has made so far, and runs
it. AWS runs scripts itself; there is nothing to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial

from sundog.aws.embedded.interface import LocalCloud
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.functions import function_named
from sundog.live.session import LiveSession
from sundog.model.manifest import SCRIPT_TRIGGER, Manifest
from sundog.model.project import Project, Stage
from sundog.session.cloud import StageCloud, credentials_from
from sundog.session.languages import open_live_session
from sundog.session.options import DevOptions
from sundog.session.recording import Recording
from sundog.session.secrets import learn_secrets


def _functions_of_scripts(manifest: Manifest) -> set[str]:
    return {
        entry.id
        for entry in manifest.functions
        if any(trigger.kind == SCRIPT_TRIGGER for trigger in entry.triggers)
    }


def expect_scripts(live: LiveSession, connection: AwsConnection, manifest: Manifest) -> bool:
    """Have a session find the functions of scripts as they are deployed; return whether the app has any.

    The caller sees to it that events of functions that are not routed reach the session during the deploy.

    Args:
        live: What runs them.
        connection: Where they are deployed.
        manifest: The app that is about to be deployed.
    """
    scripts = _functions_of_scripts(manifest)
    if not scripts:
        return False
    live.find_function = partial(function_named, connection, manifest)
    # Their settings may be changed by this very deploy, before they run.
    live.forget(scripts)
    return True


async def route_scripts(
    live: LiveSession, cloud: LocalCloud, connection: AwsConnection, manifest: Manifest
) -> None:
    """Have a session that is alone on its cloud run the functions of scripts from now on, as they will be deployed."""
    if expect_scripts(live, connection, manifest):
        names = [pool.function.physical_name for pool in live.pools]
        await cloud.route(names, live.direct_url, live.token, finds_functions=True)


@contextlib.asynccontextmanager
async def scripts_served(
    project: Project, stage: Stage, cloud: StageCloud, manifest: Manifest, observer: Recording
) -> AsyncIterator[None]:
    """Run the functions of scripts for the length of a command that deploys or removes; nothing else is run."""
    if cloud.local is None or not _functions_of_scripts(manifest):
        yield
        return
    await learn_secrets(cloud.connection, manifest, observer)
    async with open_live_session(
        project,
        stage,
        observer=observer,
        credentials=credentials_from(cloud.connection),
        endpoint_url=cloud.local.endpoint_url,
        options=DevOptions(),
        redactor=observer.redactor,
    ) as live:
        await route_scripts(live, cloud.local, cloud.connection, manifest)
        yield
