"""The parts of a deployed app, by the names that `app.py` gives them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from sundog.aws.embedded.interface import LocalCloud
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import Manifest, ResourceEntry, StackEntry
from sundog.model.project import Project
from sundog.session.hosting import HostedApp
from sundog.testing.names import UnknownPart, find_resource, unknown_part
from sundog.testing.template import StackTemplate


class Caller(Protocol):
    """Runs a coroutine function where the app lives."""

    def __call__(self, function: Callable[..., Awaitable[Any]], /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function
        """Return its result."""
        ...


class DeployedParts:
    """Functions, resources, stacks and outputs of an app that is deployed."""

    def __init__(self, hosted: HostedApp, cloud: LocalCloud, call: Caller) -> None:
        self._hosted = hosted
        self._cloud = cloud
        self._call = call
        self._physical: dict[str, dict[str, str]] = {}

    @property
    def project(self) -> Project:
        """The project."""
        return self._hosted.project

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._hosted.project.root

    @property
    def endpoint_url(self) -> str:
        """Where the AWS API answers."""
        return self._cloud.endpoint_url

    @property
    def manifest(self) -> Manifest:
        """What synth knows about the app."""
        return self._hosted.synthesized.manifest

    @property
    def outputs(self) -> dict[str, dict[str, str]]:
        """The stacks' outputs by stack id and name."""
        return self._hosted.deployed.outputs

    @property
    def functions(self) -> list[DeployedFunction]:
        """The functions, as they are deployed."""
        return list(self._hosted.deployed.functions)

    def client(self, service: str) -> Any:  # noqa: ANN401 - botocore makes these classes at run time
        """Return a client of an AWS service, at the app's cloud and with all rights."""
        return self._hosted.connection.client(service)

    def output(self, name: str) -> str:
        """Return an output of a stack, by its name alone.

        Raises:
            UnknownPart: No stack has it.
        """
        found = {key: value for outputs in self.outputs.values() for key, value in outputs.items()}
        if name not in found:
            raise unknown_part("output", name, found)
        return found[name]

    def function(self, name: str) -> DeployedFunction:
        """Return a function by its name or id.

        Raises:
            UnknownPart: There is none.
        """
        for function in self._hosted.deployed.functions:
            if name in (function.entry.name, function.entry.id):
                return function
        raise unknown_part("function", name, [one.entry.name for one in self._hosted.deployed.functions])

    def resource(self, name: str, kind: str | None = None) -> ResourceEntry:
        """Return what the manifest knows of a resource, by its id or its whole path.

        Args:
            name: `"notes"` or `"storage/notes"`.
            kind: `"Table"`, for one that must be a Table.

        Raises:
            UnknownPart: There is none, there are several, or it is of another kind.
        """
        return find_resource(self.manifest.resources, name, kind)

    def physical_id(self, name: str, kind: str | None = None) -> str:
        """Return what the cloud calls a resource: a table's name, a queue's URL, a bucket's name.

        Raises:
            UnknownPart: The app has no such resource.
        """
        return self._physical_id(self.resource(name, kind))

    def physical_ids(self, stack: str) -> dict[str, str]:
        """Return what the cloud calls the resources of a stack, by logical id.

        Args:
            stack: The id that `app.py` gives it, or its whole name.
        """
        name = self._stack(stack).name
        if name not in self._physical:
            self._physical[name] = self._call(self._hosted.physical_ids, name)
        return self._physical[name]

    def template(self, stack: str) -> StackTemplate:
        """Return the template of a stack, by the id that `app.py` gives it."""
        entry = self._stack(stack)
        file = self._hosted.synthesized.assembly / entry.template_file
        return StackTemplate(entry.id, json.loads(file.read_bytes()))

    def _physical_id(self, entry: ResourceEntry) -> str:
        if not entry.logical_id:
            raise UnknownPart(
                f"{entry.kind} `{entry.name}` is no resource that this app makes",
                fix="take its name from the variables of a function that it is bound to",
            )
        return self.physical_ids(entry.stack)[entry.logical_id]

    def _of_stack(self, stack: StackEntry) -> list[tuple[str, str]]:
        physical = self.physical_ids(stack.name)
        return [
            (entry.cloudformation_type, physical[entry.logical_id])
            for entry in self.manifest.constructs
            if entry.stack == stack.name and physical.get(entry.logical_id)
        ]

    def _stack(self, name: str) -> StackEntry:
        for entry in self.manifest.stacks:
            if name in (entry.id, entry.name):
                return entry
        raise unknown_part("stack", name, [entry.id for entry in self.manifest.stacks])
