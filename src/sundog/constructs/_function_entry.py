"""What the manifest says about a function before the assembly is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sundog.constructs._function_props import DEFAULT_MEMORY_MB, FunctionProps
from sundog.constructs._function_settings import LONGEST_TIMEOUT_SECONDS
from sundog.constructs._handlers import Handler
from sundog.constructs._values import is_token
from sundog.model.manifest import FunctionEntry

if TYPE_CHECKING:
    from sundog.constructs.function import Function


def function_entry(
    function: Function,
    handler: Handler,
    runtime: str,
    architecture: str,
    timeout: float,
    memory: int,
    props: FunctionProps,
) -> FunctionEntry:
    """Return the entry of a function, without its stack and logical id, which the CDK has not chosen yet."""
    registry = function.registry
    build, warm = dict(props.build or {}), props.warm or 0
    provisioned = props.provisioned_concurrency or 0
    return FunctionEntry(
        id=function.path,
        name=function.path,
        stack="",
        logical_id="",
        handler=handler.text,
        runtime=runtime,
        runtime_is_default=props.runtime is None,
        language=handler.language,
        source=handler.source.relative_to(registry.project.root).as_posix(),
        file=handler.file.relative_to(registry.project.root).as_posix(),
        function=handler.function,
        # What a live session goes by where only CloudFormation knows it.
        timeout_seconds=LONGEST_TIMEOUT_SECONDS if is_token(timeout) else timeout,
        memory_mb=DEFAULT_MEMORY_MB if is_token(memory) else memory,
        architecture=architecture,
        place=function.place,
        asset_hash=registry.assets.input_hash(
            handler, runtime, architecture, build, registry.places.location(function.place), warm=warm > 0
        ),
        build=build,
        warm=warm,
        provisioned_concurrency=0 if is_token(provisioned) else provisioned,
    )
