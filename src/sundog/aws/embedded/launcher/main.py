"""The launcher's way in: settings, emulator, guard, server, in this order."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import threading
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from . import after_import
from .control import Control
from .data_api import VERSIONS as DATA_API_VERSIONS
from .data_api import install
from .execution import MODULE as LAMBDA_MODULE
from .execution import InvokeRequests, execution_hook
from .guard import Guard
from .lifetime import Lifetime, end_process
from .mends import mend_hooks
from .postgres import Postgres
from .routing import Routes, Session
from .settings import Settings, read_settings, set_emulator_environment
from .snapshots import Snapshots, emulator_snapshots, keep_code, save_often

_OPEN_FILES = 10240
"""The most that macOS grants."""


def main() -> None:
    """Run until told to stop."""
    settings = read_settings(sys.stdin.buffer)
    set_emulator_environment(settings)
    _allow_many_connections()
    routes = Routes(settings.state_path / "routed.json")
    hooks = mend_hooks(installed_version("ministack"), frozenset(settings.skipped_mends))
    dirty = threading.Event()
    for hook in (
        execution_hook(routes, dirty.set),
        partial(keep_code, folder=settings.state_path / "snapshots"),
    ):
        hooks.setdefault(LAMBDA_MODULE, []).append(hook)
    after_import.install(hooks)
    status = asyncio.run(_serve(settings, routes, dirty))
    end_process(status)


async def _serve(settings: Settings, routes: Routes, dirty: threading.Event) -> int:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app as emulator

    lifetime = Lifetime(settings.shutdown_seconds)
    lifetime.watch(sys.stdin.buffer)
    snapshots = emulator_snapshots(settings.state_path / "snapshots", emulator, dirty)
    postgres = Postgres(settings.state_path / "postgres")
    control = Control(_actions(emulator, routes, snapshots, postgres))
    guard = Guard(InvokeRequests(emulator.app), control, settings.control_token, dirty.set)
    config = Config()
    config.bind = [f"fd://{settings.listen_fd}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = min(1.0, settings.shutdown_seconds / 3)
    config.loglevel = "WARNING"
    saving = asyncio.create_task(save_often(snapshots, settings.snapshot_seconds))
    threading.Thread(target=_import_deploy_engine, daemon=True).start()
    try:
        await serve(guard, config, shutdown_trigger=lifetime.stopped)
    finally:
        saving.cancel()
        await asyncio.to_thread(postgres.stop)
    return 0


def _actions(emulator: Any, routes: Routes, snapshots: Snapshots, postgres: Postgres) -> dict[str, Any]:
    async def route(wanted: Any) -> Any:
        session = Session(
            wanted["url"],
            wanted["token"],
            enforce_deadline=wanted["enforce_deadline"],
            finds_functions=wanted["finds_functions"],
        )
        routes.set(frozenset(wanted["functions"]), session)
        return {"functions": len(wanted["functions"])}

    async def unroute(_: Any) -> Any:
        routes.clear()
        return {}

    async def snapshot(_: Any) -> Any:
        return {"written": await asyncio.to_thread(snapshots.save)}

    async def reset(_: Any) -> Any:
        async with emulator._get_reset_lock():
            await asyncio.to_thread(emulator._reset_all_state)
        await asyncio.to_thread(snapshots.clear)
        await asyncio.to_thread(postgres.clear)
        return {}

    emulator_version = installed_version("ministack")

    async def start_postgres(wanted: Any) -> Any:
        from ministack.services import rds_data
        from ministack.services.cloudformation import provisioners

        if emulator_version not in DATA_API_VERSIONS:
            raise RuntimeError(f"the Data API of version {emulator_version} of the emulator is not known")
        await asyncio.to_thread(postgres.start, Path(wanted["packages"]))
        install(postgres, rds_data, provisioners)
        return {}

    async def capabilities(_: Any) -> Any:
        from ministack.services.cloudformation import provisioners

        return {"resource_types": sorted(provisioners._RESOURCE_HANDLERS), "process": os.getpid()}

    return {
        "route": route,
        "unroute": unroute,
        "snapshot": snapshot,
        "reset": reset,
        "postgres": start_postgres,
        "capabilities": capabilities,
    }


def _allow_many_connections() -> None:
    # The usual soft limit, 256 on macOS, is less than a burst of requests, each of which is one to the session as well.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _import_deploy_engine() -> None:
    # All services are imported with it: half a second that the first deploy would wait for.
    import ministack.services.cloudformation.stacks  # noqa: F401 - imported for its effect
