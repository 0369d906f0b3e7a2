"""What a test can do to an app: call it, and send it events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sundog.aws import lambda_
from sundog.model.manifest import ResourceEntry
from sundog.testing.addresses import graphql_api_id, url_of, what_can_be_called, with_url
from sundog.testing.http import HttpResponse, query_string, send
from sundog.testing.names import UnknownPart, place_of, unknown_part
from sundog.testing.parts import DeployedParts
from sundog.testing.schedules import scheduled_event

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_OPEN_SECONDS = 30.0


class FunctionFailed(AssertionError):
    """A function that a test invoked raised, timed out or crashed.

    Args:
        name: The function.
        error: The error object that Lambda returned.
    """

    def __init__(self, name: str, error: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(f"the function `{name}` failed: {json.dumps(error, indent=2)}")
        self.error = error


class GraphqlFailed(AssertionError):
    """A query of a test was answered with errors, or not at all.

    Args:
        response: The answer.
    """

    def __init__(self, response: HttpResponse) -> None:
        answer = response.json()
        super().__init__(f"the query failed: {response.status} {json.dumps(answer, indent=2)}")
        self.response = response
        self.errors: list[Any] = answer.get("errors") or []
        self.data = answer.get("data")


class CallableApp(DeployedParts):
    """An app that is deployed, and the ways into it."""

    def url(self, name: str | None = None) -> str:
        """Return where a part of the app answers, without a slash at the end.

        Args:
            name: Id of an Api, a RestApi, a WebSocketApi, an AppSyncApi, a StaticSite or a Function that has a URL; the
                app's only Api or RestApi when not given or, without one, the only other.

        Raises:
            UnknownPart: There is none of that id, it has no URL, or several can be meant.
        """
        return self._address(with_url(what_can_be_called(self.manifest), name))

    def request(
        self,
        method: str,
        path: str = "",
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
            api: Id of what is called, as `url` takes it; needed when the app has several APIs.

        Raises:
            UnknownPart: There is none of that id, it takes no requests, or several can be meant.
        """
        if "://" not in path:
            entry = with_url(what_can_be_called(self.manifest), api)
            if entry.kind == "WebSocketApi":
                raise UnknownPart(
                    f"the WebSocketApi `{entry.name}` takes no requests",
                    where=place_of(entry),
                    fix=f'connect to it: `connect("{entry.name}")`',
                )
            path = self._address(entry) + (f"/{path.lstrip('/')}" if path else "")
        return send(method, path, content=json, data=data, headers=headers, query=query)

    def graphql(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        api: str | None = None,
    ) -> Any:  # noqa: ANN401 - what was asked for
        """Send a query or a mutation to an AppSyncApi and return the `data` of the answer.

        Args:
            query: `mutation { addNote(text: "tea") { id } }`.
            variables: By name.
            headers: Of the request: `{"authorization": token}`; the API's key is sent when none are given and it has one.
            api: Id of the AppSyncApi; needed when the app has several.

        Raises:
            GraphqlFailed: The answer has errors; their messages are in it, and what could be answered.
        """
        entry = with_url(self.manifest.resources, api, "AppSyncApi")
        if headers is None:
            found = self.client("appsync").list_api_keys(apiId=graphql_api_id(self._physical_id(entry)))
            headers = {"x-api-key": found["apiKeys"][0]["id"]} if found["apiKeys"] else {}
        body = {"query": query, "variables": dict(variables or {})}
        response = send("POST", self._address(entry), content=body, headers=headers)
        if response.status != 200 or response.json().get("errors"):
            raise GraphqlFailed(response)
        return response.json()["data"]

    def connect(
        self,
        api: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ClientConnection:
        """Connect to a WebSocketApi; the connection has `send(text)` and `recv(timeout=…)`.

        Args:
            api: Its id; needed when the app has several.
            query: Of the request to connect.
            headers: Of the request to connect.

        Example:
            >>> with sundog_app.connect(query={"token": "ada"}) as chat:
            ...     chat.send(json.dumps({"action": "say", "text": "hello"}))
            ...     assert json.loads(chat.recv(timeout=10)) == {"said": "hello"}
        """
        from websockets.sync.client import connect

        url = self._address(with_url(self.manifest.resources, api, "WebSocketApi"))
        # No proxy reaches this machine's loopback.
        return connect(
            url + query_string(url, query),
            additional_headers=dict(headers or {}),
            open_timeout=_OPEN_SECONDS,
            proxy=None,
        )

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
        region = self._hosted.connection.region
        event = scheduled_event(self.client, self._physical_id(entry), region)
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

    def _address(self, entry: ResourceEntry) -> str:
        return url_of(entry, self._physical_id(entry), self._cloud, self.client)
