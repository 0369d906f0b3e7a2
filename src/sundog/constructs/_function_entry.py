"""What the manifest says about a function before the assembly is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sundog.constructs._function_props import FunctionProps
from sundog.constructs._handlers import Handler
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
        timeout_seconds=timeout,
        memory_mb=memory,
        architecture=architecture,
        place=function.place,
        asset_hash=registry.assets.input_hash(
            handler, runtime, architecture, build, registry.places.location(function.place), warm=warm > 0
        ),
        build=build,
        warm=warm,
        provisioned_concurrency=props.provisioned_concurrency or 0,
    )
