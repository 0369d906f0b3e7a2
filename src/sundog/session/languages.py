"""The live session with its runners and, when asked for, its debugger."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator

from sundog.bundle.node import node_binary
from sundog.live.debug.debugger import Debugger
from sundog.live.debug.launch_json import DEFAULT_DEBUG_PORT
from sundog.live.node.factory import make_node_runner
from sundog.live.options import LiveOptions, as_it_is
from sundog.live.runner import Runner
from sundog.live.session import LiveSession
from sundog.model.events import Notice, Observer
from sundog.model.functions import CredentialsSource
from sundog.model.project import Project, Stage
from sundog.model.redaction import Redactor
from sundog.session.options import DevOptions


@contextlib.asynccontextmanager
async def open_live_session(
    project: Project,
    stage: Stage,
    *,
    observer: Observer,
    credentials: CredentialsSource,
    endpoint_url: str | None,
    options: DevOptions,
    redactor: Redactor | None = None,
) -> AsyncIterator[LiveSession]:
    """Open a live session that runs every language sundog knows.

    Args:
        project: Where the sources are.
        stage: Whose functions they are.
        observer: Told of all that happens.
        credentials: Gives credentials of functions' roles.
        endpoint_url: Where workers find AWS; None for AWS itself.
        options: Whether editors may attach.
        redactor: Knows the app's secrets, which are taken out of the logs that callers and CloudWatch are given.

    Raises:
        DebugPortTaken: Another program listens on the port for editors.
    """
    debugger: Debugger | None = None
    if options.debug:
        debugger = Debugger(
            folder=project.stage_dir(stage.name) / "debug", node=node_binary(), observer=observer
        )

    def progress(text: str) -> None:
        observer(Notice(at=time.time(), level="info", text=text))

    def node_runner(session: LiveSession) -> Runner:
        debugging = debugger.node_debugging if debugger else None
        return make_node_runner(session, observer=observer, progress=progress, debugging=debugging)

    live_options = LiveOptions(
        prelude=debugger.write_prelude() if debugger else options.prelude,
        runners={"node": node_runner},
        watch=options.watch,
        clean_log=as_it_is if redactor is None else redactor.shown_payload,
    )
    session = LiveSession(
        project,
        stage,
        observer=observer,
        credentials=credentials,
        endpoint_url=endpoint_url,
        options=live_options,
    )
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(session)
        if debugger is not None:
            port = DEFAULT_DEBUG_PORT if options.debug_port is None else options.debug_port
            await stack.enter_async_context(debugger.serving(session, port))
        yield session
