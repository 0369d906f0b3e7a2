"""One deployed app, as a test uses it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from sundog.aws import lambda_
from sundog.aws.embedded.interface import LocalCloud
from sundog.errors import UsageError, suggestion
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import Manifest, ResourceEntry, StackEntry
from sundog.model.project import Project
from sundog.session.hosting import HostedApp
from sundog.testing.events import EventLog, SeenInvocation
from sundog.testing.http import HttpResponse, send
from sundog.testing.template import StackTemplate
from sundog.testing.waiting import DEFAULT_SECONDS, wait_until

_API_TYPES = {"AWS::ApiGatewayV2::Api": "$default"}
"""Types that routes of an app are called at, and the stage that a URL without one means."""


class UnknownPart(UsageError):
    """A test names a function, a resource, a stack or an output that the app does not have."""

    code = "SD-USAGE-030"


class FunctionFailed(AssertionError):
    """A function that a test invoked raised, timed out or crashed.

    Args:
        name: The function.
        error: The error object that Lambda returned.
    """

    def __init__(self, name: str, error: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(f"the function `{name}` failed: {json.dumps(error, indent=2)}")
        self.error = error


class Caller(Protocol):
    """Runs a coroutine function where the app lives."""

    def __call__(self, function: Callable[..., Awaitable[Any]], /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function
        """Return its result."""
        ...


class AppUnderTest:
    """An app on the embedded cloud: its routes, functions, resources and what happened to them.

    Example:
        >>> def test_a_reminder_is_sent(sundog_app):
        ...     note = sundog_app.request("POST", "/notes", json={"title": "Buy milk"}).json()
        ...     sundog_app.request("POST", f"/notes/{note['noteId']}/remind")
        ...     sent = sundog_app.wait_for_invocation("send")
        ...     assert sent.ok and sent.logs == ["reminder for ada: Buy milk"]
    """

    def __init__(self, hosted: HostedApp, log: EventLog, cloud: LocalCloud, call: Caller) -> None:
        self._hosted = hosted
        self._log = log
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

    # Calling

    def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        data: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        api: str | None = None,
    ) -> HttpResponse:
        """Call a route, over HTTP.

        Args:
            method: `GET`.
            path: `/notes`, or a whole URL such as an output of a stack.
            json: Sent as JSON.
            data: Sent as it is.
            headers: Of the request.
            query: Of the request.
            api: Id of the Api; needed when the app has several.
        """
        url = path if "://" in path else self.url(api).rstrip("/") + "/" + path.lstrip("/")
        return send(method, url, content=json, data=data, headers=headers, query=query)

    def invoke(self, function: str, event: object = None) -> Any:  # noqa: ANN401 - whatever it returns
        """Invoke a function through Lambda and return what it returned.

        Args:
            function: Its name or id.
            event: What the handler is given; anything that JSON can hold.

        Raises:
            FunctionFailed: It raised, timed out or crashed.
        """
        name = self.function(function).physical_name
        payload = json.dumps(event).encode()
        result = self._call(lambda_.invoke, self._hosted.connection, name, payload)
        value = json.loads(result.payload) if result.payload else None
        if result.function_error is not None:
            raise FunctionFailed(function, value)
        return value

    def invoke_async(self, function: str, event: object = None) -> None:
        """Hand an event to a function and return at once: failures are tried again, then go to its destination."""
        name = self.function(function).physical_name
        payload = json.dumps(event).encode()
        self._call(lambda_.invoke, self._hosted.connection, name, payload, asynchronous=True)

    # What happened

    def mark(self) -> int:
        """Return a place in time: `since=` looks only at invocations that started later."""
        return self._log.mark()

    def invocations(self, function: str | None = None, *, since: int = 0) -> list[SeenInvocation]:
        """Return the invocations of a function, or of all, as they started."""
        return self._log.seen(self._function_id(function), since=since)

    def wait_for_invocation(
        self,
        function: str | None = None,
        where: Callable[[SeenInvocation], object] | None = None,
        *,
        since: int = 0,
        timeout: float = DEFAULT_SECONDS,
    ) -> SeenInvocation:
        """Return the first invocation that has ended and meets a condition.

        Args:
            function: Its name or id; any function when not given.
            where: The condition, given the invocation: `lambda one: one.ok`.
            since: What `mark` returned.
            timeout: Seconds after which the test fails.

        Raises:
            AssertionError: There was none; the message shows those that were seen.
        """
        return self.wait_for_invocations(function, where, count=1, since=since, timeout=timeout)[0]

    def wait_for_invocations(
        self,
        function: str | None = None,
        where: Callable[[SeenInvocation], object] | None = None,
        *,
        count: int,
        since: int = 0,
        timeout: float = DEFAULT_SECONDS,
    ) -> list[SeenInvocation]:
        """Return all invocations that have ended and meet a condition, once there are `count`: see the one above.

        Raises:
            AssertionError: There were fewer; the message shows those that were seen.
        """
        return self._log.wait_for(
            self._function_id(function), where, count=count, since=since, timeout=timeout
        )

    def logs(self, *, since: int = 0) -> list[str]:
        """Return the lines that handlers wrote, each with its function."""
        return self._log.logs(since=since)

    def wait_until_idle(self, *, timeout: float = DEFAULT_SECONDS) -> None:
        """Return when no handler runs.

        Raises:
            AssertionError: One still does; the message shows which.
        """
        self._log.wait_until_idle(timeout)

    @staticmethod
    def wait_until(
        condition: Callable[[], Any], what: str | None = None, *, timeout: float = DEFAULT_SECONDS
    ) -> Any:  # noqa: ANN401 - the condition's
        """Do what `sundog.testing.wait_until` does."""
        return wait_until(condition, what, timeout=timeout)

    # Looking at it

    def output(self, name: str) -> str:
        """Return an output of a stack, by its name alone.

        Raises:
            UnknownPart: No stack has it.
        """
        found = {key: value for outputs in self.outputs.values() for key, value in outputs.items()}
        if name not in found:
            raise _unknown("output", name, found)
        return found[name]

    def function(self, name: str) -> DeployedFunction:
        """Return a function by its name or id.

        Raises:
            UnknownPart: There is none.
        """
        for function in self._hosted.deployed.functions:
            if name in (function.entry.name, function.entry.id):
                return function
        raise _unknown("function", name, [one.entry.name for one in self._hosted.deployed.functions])

    def resource(self, name: str, kind: str | None = None) -> ResourceEntry:
        """Return what the manifest knows of a resource, by its id or its whole path.

        Args:
            name: `"notes"` or `"storage/notes"`.
            kind: `"Table"`, where an id alone is not unique.

        Raises:
            UnknownPart: There is none.
        """
        for entry in self.manifest.resources:
            if name in (entry.name, entry.id) and kind in (None, entry.kind):
                return entry
        raise _unknown("resource", name, [entry.name for entry in self.manifest.resources])

    def physical_id(self, name: str, kind: str | None = None) -> str:
        """Return what the cloud calls a resource: a table's name, a queue's URL, a bucket's name.

        Raises:
            UnknownPart: The app has no such resource.
        """
        entry = self.resource(name, kind)
        return self.physical_ids(entry.stack)[entry.logical_id]

    def physical_ids(self, stack: str) -> dict[str, str]:
        """Return what the cloud calls the resources of a stack, by logical id.

        Args:
            stack: The id that `app.py` gives it, or its whole name.
        """
        name = self._stack(stack).name
        if name not in self._physical:
            self._physical[name] = self._call(self._hosted.physical_ids, name)
        return self._physical[name]

    def url(self, api: str | None = None) -> str:
        """Return the address of an Api.

        Raises:
            UnknownPart: There is none of that id, or several and no id was given.
        """
        apis = [entry for entry in self.manifest.resources if entry.cloudformation_type in _API_TYPES]
        if api is None and len(apis) != 1:
            raise UnknownPart(
                f"the app has {len(apis) or 'no'} APIs" if len(apis) != 1 else "the app has one API",
                fix=f"name one with `api=`: {', '.join(entry.name for entry in apis)}"
                if apis
                else "give a whole URL, such as an output of a stack",
            )
        entry = apis[0] if api is None else self.resource(api)
        identifier = self.physical_ids(entry.stack)[entry.logical_id]
        return self._cloud.url_for("api", identifier, _API_TYPES.get(entry.cloudformation_type, "$default"))

    def template(self, stack: str) -> StackTemplate:
        """Return the template of a stack, by the id that `app.py` gives it."""
        entry = self._stack(stack)
        file = self._hosted.synthesized.assembly / entry.template_file
        return StackTemplate(entry.id, json.loads(file.read_bytes()))

    # Changing it

    def write(self, file: str, text: str) -> Path:
        """Write a file of the project, as a save in an editor: functions that loaded it start anew."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self._call(self._hosted.changed, path.resolve())
        return path

    def edit(self, file: str, old: str, new: str) -> Path:
        """Replace text in a file of the project.

        Raises:
            AssertionError: The text is not in it.
        """
        text = (self.root / file).read_text("utf-8")
        if old not in text:
            raise AssertionError(f"`{file}` does not contain {old!r}")
        return self.write(file, text.replace(old, new))

    def deploy(self) -> dict[str, dict[str, str]]:
        """Synthesize and deploy again, after an edit of `app.py`; return the outputs.

        Raises:
            SundogError: The app is wrong, or something could not be deployed.
        """
        self._call(self._hosted.deploy)
        self._physical.clear()
        return self.outputs

    def _stack(self, name: str) -> StackEntry:
        for entry in self.manifest.stacks:
            if name in (entry.id, entry.name):
                return entry
        raise _unknown("stack", name, [entry.id for entry in self.manifest.stacks])

    def _function_id(self, name: str | None) -> str | None:
        return None if name is None else self.function(name).entry.id


def _unknown(what: str, name: str, known: Any) -> UnknownPart:  # noqa: ANN401 - an iterable of names
    names = sorted(known)
    close = suggestion(name, names)
    return UnknownPart(
        f"the app has no {what} `{name}`",
        why=f"it has {', '.join(names)}" if names else "it has none",
        fix=f"write `{close}`" if close else "name one that `app.py` defines, and deploy it",
    )
