"""The manifest of a finished cloud assembly: what the constructs know, joined with the logical ids that the CDK chose."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sundog.constructs._binding import Bindable
from sundog.constructs._cdk_triggers import Place, Template, cdk_triggers
from sundog.constructs._registry import Registry
from sundog.constructs.function import Function
from sundog.errors import ConstructError
from sundog.model.manifest import (
    ConstructEntry,
    DatabaseEntry,
    FunctionEntry,
    Manifest,
    ResourceEntry,
    StackEntry,
    Trigger,
    UploadEntry,
)

_GENERIC_NAMES = frozenset({"handler", "lambda_handler", "main", "default", "run", "index"})
"""Names of functions that say nothing; the file's name is used instead."""


class FunctionInNestedStack(ConstructError):
    """A function of sundog stands in a nested stack, or in a `Stage` of the CDK.

    The live session and the deploy engine look for functions in the app's own stacks. Other constructs can stand there.
    """

    code = "SD-CONSTRUCT-016"


def manifest_of(registry: Registry, assembly: Path) -> Manifest:
    """Return the manifest of an app whose assembly was just written.

    Args:
        registry: What the constructs registered.
        assembly: Folder of the cloud assembly.
    """
    document = json.loads((assembly / "manifest.json").read_text("utf-8"))
    artifacts = {
        artifact_id: artifact
        for artifact_id, artifact in document["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    templates = {
        _stack_name(artifact_id, artifact): Template.read(
            (assembly / artifact["properties"]["templateFile"]).read_text("utf-8")
        )
        for artifact_id, artifact in artifacts.items()
    }
    constructs = [
        entry
        for artifact_id, artifact in artifacts.items()
        for entry in _construct_entries(
            registry, assembly, artifact, _stack_name(artifact_id, artifact), templates
        )
    ]
    by_path = {entry.path: entry for entry in constructs}
    triggers = cdk_triggers(templates, constructs, {one.path for one in registry.constructs})
    stacks = [_stack_entry(registry, artifact_id, artifacts) for artifact_id in artifacts]
    names = {
        artifact.get("displayName", artifact_id).partition(" ")[0]: _stack_name(artifact_id, artifact)
        for artifact_id, artifact in artifacts.items()
    }
    return Manifest(
        app=registry.project.settings.name,
        stage=registry.stage.name,
        functions=_named(list(_with_cdk_triggers(_function_entries(registry, by_path), triggers))),
        resources=list(_resource_entries(registry, by_path, stacks)),
        uploads=[entry for one in registry.constructs for entry in _placed(one.uploads(), names)],
        databases=[entry for one in registry.constructs for entry in _placed(one.databases(), names)],
        stacks=stacks,
        constructs=constructs,
    )


def _stack_entry(registry: Registry, artifact_id: str, artifacts: Mapping[str, Any]) -> StackEntry:
    artifact = artifacts[artifact_id]
    path = artifact.get("displayName", artifact_id).partition(" ")[0]
    return StackEntry(
        id=path,
        name=_stack_name(artifact_id, artifact),
        artifact_id=artifact_id,
        template_file=artifact["properties"]["templateFile"],
        depends_on=[
            _stack_name(other, artifacts[other])
            for other in artifact.get("dependencies", [])
            if other in artifacts
        ],
        place=registry.places.of(path),
    )


def _stack_name(artifact_id: str, artifact: Mapping[str, Any]) -> str:
    return str(artifact["properties"].get("stackName", artifact_id))


def _construct_entries(
    registry: Registry,
    assembly: Path,
    artifact: Mapping[str, Any],
    stack: str,
    templates: Mapping[str, Template],
) -> Iterator[ConstructEntry]:
    resources = templates[stack].resources
    metadata = artifact.get("metadata", {})
    if "additionalMetadataFile" in artifact:
        metadata = {
            **metadata,
            **json.loads((assembly / artifact["additionalMetadataFile"]).read_text("utf-8")),
        }
    for path, entries in metadata.items():
        for entry in entries:
            if entry["type"] == "aws:cdk:logicalId" and entry["data"] in resources:
                path_below_app = path.lstrip("/")
                yield ConstructEntry(
                    stack=stack,
                    logical_id=entry["data"],
                    path=path_below_app,
                    cloudformation_type=resources[entry["data"]]["Type"],
                    place=registry.places.of(path_below_app),
                )


def _function_entries(registry: Registry, by_path: Mapping[str, ConstructEntry]) -> Iterator[FunctionEntry]:
    for construct in registry.constructs:
        if isinstance(construct, Function) and (entry := construct.function_entry()) is not None:
            resource = by_path.get(f"{construct.path}/Function/Resource")
            if resource is None:
                raise construct.error(
                    FunctionInNestedStack,
                    f"Function `{construct.id}` is in a nested stack or a `Stage` of the CDK",
                    why="sundog finds functions in the stacks of the app itself",
                    fix="move it into a stack of the app; bind resources across stacks as usual",
                )
            name = construct.id if construct.claims_id else ""
            yield msgspec.structs.replace(
                entry, name=name, stack=resource.stack, logical_id=resource.logical_id
            )


def _with_cdk_triggers(
    entries: Iterable[FunctionEntry], triggers: Mapping[Place, list[Trigger]]
) -> Iterator[FunctionEntry]:
    for entry in entries:
        further = triggers.get((entry.stack, entry.logical_id), [])
        yield msgspec.structs.replace(entry, triggers=[*entry.triggers, *further])


def _resource_entries(
    registry: Registry, by_path: Mapping[str, ConstructEntry], stacks: Iterable[StackEntry]
) -> Iterator[ResourceEntry]:
    stack_names = {stack.id: stack.name for stack in stacks}
    for construct in registry.constructs:
        primary = construct.primary_path()
        resource = None if primary is None else by_path.get(primary)
        if resource is None and construct.makes_resource and not construct.is_taken_over:
            continue
        yield ResourceEntry(
            id=construct.path,
            name=construct.id,
            kind=construct.kind,
            stack=resource.stack if resource else stack_names.get(construct.path.partition("/")[0], ""),
            logical_id=resource.logical_id if resource else "",
            cloudformation_type=resource.cloudformation_type if resource else "",
            attributes=construct.attributes(),
            binding=sorted(construct.binding().values) if isinstance(construct, Bindable) else [],
            place=construct.place,
        )


_Placed = TypeVar("_Placed", UploadEntry, DatabaseEntry)


def _placed(entries: list[_Placed], names: Mapping[str, str]) -> Iterator[_Placed]:
    """Fill in the names of the stacks, which constructs know by their paths."""
    for entry in entries:
        yield msgspec.structs.replace(entry, stack=names[entry.stack])


def _named(entries: list[FunctionEntry]) -> list[FunctionEntry]:
    """Give each function the shortest name that no other has; the ones that the user named keep theirs."""
    candidates = [_candidates(entry) for entry in entries]
    taken: dict[str, int] = {}
    for names in candidates:
        for name in dict.fromkeys(names):
            taken[name] = taken.get(name, 0) + 1
    return [
        msgspec.structs.replace(entry, name=next((name for name in names if taken[name] == 1), entry.id))
        for entry, names in zip(entries, candidates, strict=True)
    ]


def _candidates(entry: FunctionEntry) -> list[str]:
    if entry.name:
        return [entry.name, entry.id]
    path = entry.handler.rpartition(".")[0]
    file = path.rpartition("/")[2]
    names = [f"{file}.{entry.function}", entry.handler, entry.id]
    return [file if entry.function in _GENERIC_NAMES else entry.function, *names]
