"""One deployed app, as a test uses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sundog.aws import lambda_
from sundog.aws.embedded.interface import LocalCloud
from sundog.session.bindings import connection_variables, union_of_bindings
from sundog.session.hosting import HostedApp
from sundog.testing.data import delete_data
from sundog.testing.events import EventLog, SeenInvocation
from sundog.testing.http import HttpResponse, send
from sundog.testing.parts import Caller, DeployedParts, unknown_part
from sundog.testing.schedules import scheduled_event
from sundog.testing.waiting import DEFAULT_SECONDS, wait_until


class FunctionFailed(AssertionError):
    """A function that a test invoked raised, timed out or crashed.

    Args:
        name: The function.
        error: The error object that Lambda returned.
    """

    def __init__(self, name: str, error: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(f"the function `{name}` failed: {json.dumps(error, indent=2)}")
        self.error = error


class AppUnderTest(DeployedParts):
    """An app on the embedded cloud: its routes, functions, resources and what happened to them.

    Example:
        >>> def test_a_reminder_is_sent(sundog_app):
        ...     note = sundog_app.request("POST", "/notes", json={"title": "Buy milk"}).json()
        ...     sundog_app.request("POST", f"/notes/{note['noteId']}/remind")
        ...     sent = sundog_app.wait_for_invocation("send")
        ...     assert sent.ok and sent.logs == ["reminder for ada: Buy milk"]
    """

    def __init__(self, hosted: HostedApp, log: EventLog, cloud: LocalCloud, call: Caller) -> None:
        super().__init__(hosted, cloud, call)
        self._log = log

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

    def saved_event(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """Return an event that was saved for `sundog invoke`, decoded.

        Args:
            name: `"create"` for `events/create.json`.

        Raises:
            UnknownPart: There is no such file.
        """
        folder = self.root / "events"
        file = folder / f"{name}.json"
        if not file.is_file():
            raise unknown_part("saved event", name, [one.stem for one in folder.glob("*.json")])
        return json.loads(file.read_bytes())

    def run_schedule(self, cron: str) -> Any:  # noqa: ANN401 - whatever the job returns
        """Run the job of a Cron now, with the event that its schedule sends; return what it returned.

        Raises:
            UnknownPart: The app has no such Cron.
            FunctionFailed: The job failed.
        """
        entry = self.resource(cron, "Cron")
        physical_id = self.physical_ids(entry.stack)[entry.logical_id]
        region = self._hosted.connection.region
        event = scheduled_event(self.client, entry.cloudformation_type, physical_id, region)
        return self.invoke(entry.attributes["job"], event)

    def send_message(self, queue: str, message: object, **parameters: Any) -> None:  # noqa: ANN401 - boto3's own
        """Put a message on a queue.

        Args:
            queue: Its id.
            message: A text, or anything that JSON can hold.
            parameters: More for SQS, in its spelling: `MessageGroupId="a"`.
        """
        body = message if isinstance(message, str) else json.dumps(message)
        self.client("sqs").send_message(
            QueueUrl=self.physical_id(queue, "Queue"), MessageBody=body, **parameters
        )

    def publish(self, topic: str, message: object, **parameters: Any) -> None:  # noqa: ANN401 - boto3's own
        """Publish a message on a topic, as `send_message` does on a queue."""
        body = message if isinstance(message, str) else json.dumps(message)
        self.client("sns").publish(TopicArn=self.physical_id(topic, "Topic"), Message=body, **parameters)

    def put_object(self, bucket: str, key: str, body: bytes | str = b"", **parameters: Any) -> None:  # noqa: ANN401 - boto3's own
        """Put an object into a bucket."""
        content = body.encode() if isinstance(body, str) else body
        self.client("s3").put_object(
            Bucket=self.physical_id(bucket, "Bucket"), Key=key, Body=content, **parameters
        )

    def put_event(
        self, detail_type: str, detail: object = None, *, source: str, bus: str | None = None
    ) -> None:
        """Put an event on an event bus.

        Args:
            detail_type: What happened.
            detail: Anything that JSON can hold.
            source: Where it happened.
            bus: Id of the bus; the account's own when not given.
        """
        entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail or {})}
        if bus is not None:
            entry["EventBusName"] = self.physical_id(bus, "EventBus")
        answer = self.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise AssertionError(f"the event was not taken: {answer['Entries']}")

    def set_secret(self, secret: str, value: str) -> None:
        """Give a secret its value, as `sundog secret set` does; functions that it is bound to start anew.

        Args:
            secret: The id of the `Secret`.
            value: What its readers get.

        Raises:
            UnknownPart: The app has no such secret.
        """
        self._call(self._hosted.set_secret, self.resource(secret, "Secret").name, value)

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

    def story(self, *, since: int = 0) -> list[str]:
        """Return what happened, in lines for a person: invocations, what they wrote, how they ended."""
        return self._log.story(since=since)

    def logs(self, *, since: int = 0) -> list[str]:
        """Return the lines that handlers wrote, each with its function."""
        return self._log.logs(since=since)

    def wait_until_idle(self, *, timeout: float = DEFAULT_SECONDS) -> None:
        """Return when no handler runs.

        Raises:
            AssertionError: One still does; the message shows which.
        """
        self._log.wait_until_idle(timeout)

    def wait_for_editor(self, *, timeout: float) -> bool:
        """Return when an editor is attached to handlers, or the time is over; whether one is.

        Of use when functions can be debugged: `pytest --sundog-debug` does it before the first test.
        """
        return self._log.wait_for_editor(timeout)

    @staticmethod
    def wait_until(
        condition: Callable[[], Any], what: str | None = None, *, timeout: float = DEFAULT_SECONDS
    ) -> Any:  # noqa: ANN401 - the condition's
        """Do what `sundog.testing.wait_until` does."""
        return wait_until(condition, what, timeout=timeout)

    # Changing it

    def environment(self) -> dict[str, str]:
        """Return the variables with which `sundog_runtime.resources` and boto3 work outside of a function."""
        bound = union_of_bindings(self.functions).variables
        return bound | connection_variables(self.project, self._hosted.connection)

    def reset(self) -> None:
        """Delete the app's data: items of its tables, objects of its buckets, messages of its queues, users of its pools.

        `invocations` and the like begin anew as well.

        Functions that follow a table's stream or a bucket's removals are told of these as of any other.
        """
        self.wait_until_idle()
        for stack in self.manifest.stacks:
            delete_data(self.client, self._of_stack(stack))
        self.wait_until_idle()
        self._log.begin_anew()

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

    def _function_id(self, name: str | None) -> str | None:
        return None if name is None else self.function(name).entry.id
