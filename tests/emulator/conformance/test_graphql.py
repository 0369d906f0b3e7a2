"""GraphQL APIs made by AppSync's own API: what subscribers are told of mutations, in AppSync's real-time protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

REGION = "eu-west-1"
SCHEMA = b"""
type Note { id: ID! room: String text: String author: Person }
type Person { name: String }
type Query { note: Note }
type Mutation { addNote(id: ID!, room: String, text: String): Note, removeNote(id: ID!): Note }
type Subscription {
  noteAdded(room: String, id: ID): Note @aws_subscribe(mutations: ["addNote"])
  changed: Note @aws_subscribe(mutations: ["addNote", "removeNote"])
  guarded(room: String): Note @aws_subscribe(mutations: ["addNote"])
}
"""
ECHO = """
export function request(ctx) { return { payload: ctx.args }; }
export function response(ctx) { return { ...ctx.result, author: { name: 'Ada' } }; }
"""
GUARD = """
import { util } from '@aws-appsync/utils';
export function request(ctx) { return { payload: ctx.args }; }
export function response(ctx) {
  if (ctx.args.room === 'secret') { util.error('not your room', 'Forbidden'); }
  return null;
}
"""
ALL = "id room text author { name }"


class Graph:
    """An API, its key, and clients of its real-time endpoint."""

    def __init__(self, bench, opened, **settings):
        self.client = bench.aws.client("appsync")
        api = self.client.create_graphql_api(name="graph", **{"authenticationType": "API_KEY", **settings})[
            "graphqlApi"
        ]
        self.id, self.opened = api["apiId"], opened
        self.key = self.client.create_api_key(apiId=self.id)["apiKey"]["id"]
        self.url = f"{bench.aws.endpoint_url}/v1/apis/{self.id}/graphql"
        self.client.start_schema_creation(apiId=self.id, definition=SCHEMA)
        self.client.create_data_source(apiId=self.id, name="nothing", type="NONE")
        for kind, name, code in (
            ("Mutation", "addNote", ECHO),
            ("Mutation", "removeNote", ECHO),
            ("Subscription", "guarded", GUARD),
        ):
            self.client.create_resolver(
                apiId=self.id,
                typeName=kind,
                fieldName=name,
                dataSourceName="nothing",
                code=code,
                runtime={"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"},
            )

    def ask(self, query, **headers):
        request = urllib.request.Request(
            self.url, json.dumps({"query": query}).encode(), headers or {"x-api-key": self.key}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def dial(self, headers=None, *, where="/realtime", encode=base64.b64encode):
        """Open a connection whose address shows who it is."""
        shown = encode(json.dumps(headers or {"host": "any", "x-api-key": self.key}).encode()).decode()
        address = f"{self.url.replace('http', 'ws', 1)}{where}?header={shown}&payload=e30="
        return self.opened.enter_context(connect(address, subprotocols=["graphql-ws"], open_timeout=30))

    def client_of(self, **more):
        connection = self.dial(**more)
        say(connection, type="connection_init")
        assert heard(connection) == {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300000}}
        assert heard(connection) == {"type": "ka"}
        return connection

    def start(self, connection, name, query, *, variables=None, **authorization):
        """Start a subscription; return what the client is answered."""
        say(
            connection,
            id=name,
            type="start",
            payload={
                "data": json.dumps({"query": query, "variables": variables or {}}),
                "extensions": {"authorization": authorization or {"host": "any", "x-api-key": self.key}},
            },
        )
        return heard(connection)


def say(connection, **message):
    connection.send(json.dumps(message))


def heard(connection):
    return json.loads(connection.recv(timeout=30))


def data(name, field, **note):
    return {"id": name, "type": "data", "payload": {"data": {field: note}}}


@pytest.fixture(scope="module")
def opened():
    with contextlib.ExitStack() as connections:
        yield connections


def attributes(bench):
    """The addresses of an API that CloudFormation made, as its outputs have them."""
    names = ("GraphQLUrl", "GraphQLDns", "RealtimeDns", "RealtimeUrl")
    made = {"Type": "AWS::AppSync::GraphQLApi", "Properties": {"Name": "a", "AuthenticationType": "API_KEY"}}
    stack = bench.aws.deploy(
        {"Api": made}, Outputs={name: {"Value": {"Fn::GetAtt": ["Api", name]}} for name in names}
    )
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def test_cloudformation_knows_all_addresses_of_an_api(mended):
    told = attributes(mended)
    host = told["GraphQLDns"]

    assert told["GraphQLUrl"] == f"https://{host}/graphql"
    assert told["RealtimeDns"] == host.replace(".appsync-api.", ".appsync-realtime-api.")
    assert told["RealtimeUrl"] == f"wss://{told['RealtimeDns']}/graphql"


def test_graphql_attributes_is_still_needed(unmended_bench):
    told = attributes(unmended_bench)

    assert not told.get("RealtimeUrl", "").startswith("wss://"), "the emulator knows all addresses now"


@pytest.fixture(scope="module")
def graph(mended, opened):
    return Graph(mended, opened)


def test_a_mutation_reaches_who_subscribed_with_what_it_selected(graph):
    connection = graph.client_of()
    assert connection.subprotocol == "graphql-ws"
    assert graph.start(connection, "1", f"subscription {{ noteAdded {{ {ALL} }} }}") == {
        "id": "1",
        "type": "start_ack",
    }

    graph.ask('mutation { addNote(id: "1", text: "hello") { id text author { name } } }')
    graph.ask('mutation { removeNote(id: "1") { id } }')
    graph.ask(
        'mutation ($x: ID = "2") { mine: addNote(id: $x) { number: id ...rest } } fragment rest on Note { text }'
    )

    assert heard(connection) == data(
        "1", "noteAdded", id="1", room=None, text="hello", author={"name": "Ada"}
    )
    assert heard(connection) == data("1", "noteAdded", id="2", room=None, text=None, author=None)


def test_arguments_filter(graph):
    connection = graph.client_of()
    room = "subscription ($room: String) { noteAdded(room: $room) { id } }"
    graph.start(connection, "kitchen", room, variables={"room": "kitchen"})
    graph.start(connection, "none", 'subscription { noteAdded(room: "attic", id: "7") { id } }')
    graph.start(connection, "null", "subscription { here: noteAdded(room: null) { id } }")

    graph.ask('mutation { addNote(id: "1", room: "hall") { id room } }')
    graph.ask('mutation { addNote(id: "2", room: "kitchen") { id room } }')
    graph.ask('mutation { addNote(id: "3", room: "attic") { id room } }')
    graph.ask('mutation { addNote(id: "4") { id room } }')
    graph.ask('mutation { addNote(id: "7", room: "attic") { id room } }')

    assert [heard(connection) for _ in range(3)] == [
        data("kitchen", "noteAdded", id="2"),
        data("null", "here", id="4"),
        data("none", "noteAdded", id="7"),
    ]


def test_one_connection_has_several_subscriptions_and_ends_each(graph):
    connection = graph.client_of()
    graph.start(connection, "added", "subscription { noteAdded { id } }")
    graph.start(connection, "changed", "subscription { changed { id } }")
    say(connection, id="added", type="stop")
    assert heard(connection) == {"type": "complete", "id": "added"}

    graph.ask('mutation { addNote(id: "1") { id } }')
    graph.ask('mutation { removeNote(id: "2") { id } }')

    assert [heard(connection) for _ in range(2)] == [
        data("changed", "changed", id="1"),
        data("changed", "changed", id="2"),
    ]


def test_what_cannot_be_subscribed_to_is_an_error_of_its_own(graph):
    connection = graph.client_of()

    def refused(query, **more):
        answered = graph.start(connection, "1", query, **more)
        assert (answered["type"], answered["id"]) == ("error", "1")
        (error,) = answered["payload"]["errors"]
        return error["errorType"], error["message"]

    assert refused("query { note { id } }") == ("BadRequestException", "it is no subscription")
    assert refused("subscription { nothing { id } }")[0] == "BadRequestException"
    assert refused("subscription {")[0] == "BadRequestException"
    assert (
        refused("subscription { noteAdded { id } }", **{"x-api-key": "wrong"})[0] == "UnauthorizedException"
    )
    assert refused('subscription { guarded(room: "secret") { id } }') == ("Forbidden", "not your room")
    assert (
        graph.start(connection, "2", 'subscription { guarded(room: "hall") { id } }')["type"] == "start_ack"
    )
    say(connection, id="3", type="dance")
    assert heard(connection)["payload"]["errors"][0]["message"] == "unknown operation dance"
    connection.send("nonsense")
    assert heard(connection)["type"] == "error"


def test_who_does_not_show_who_they_are_is_not_connected(graph):
    for headers, kind in (
        ({"x-api-key": "wrong"}, "UnauthorizedException"),
        ({"host": "any"}, "UnauthorizedException"),
    ):
        connection = graph.dial(headers)
        answered = heard(connection)
        assert (answered["type"], answered["payload"]["errors"][0]["errorType"]) == ("connection_error", kind)
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=30)


def test_headers_can_stand_in_the_subprotocol(graph):
    shown = base64.urlsafe_b64encode(json.dumps({"x-api-key": graph.key}).encode()).decode().rstrip("=")
    connection = graph.opened.enter_context(
        connect(
            graph.url.replace("http", "ws", 1),
            subprotocols=["graphql-ws", f"header-{shown}"],
            open_timeout=30,
        )
    )
    say(connection, type="connection_init")

    assert heard(connection)["type"] == "connection_ack"


@pytest.mark.parametrize(
    ("mode", "settings", "good", "bad"),
    [
        (
            "AMAZON_COGNITO_USER_POOLS",
            {"userPoolConfig": {"userPoolId": f"{REGION}_a", "awsRegion": REGION, "defaultAction": "ALLOW"}},
            {"Authorization": "a.token.of-somebody"},
            {"x-api-key": "any"},
        ),
        (
            "AWS_IAM",
            {},
            {
                "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/appsync/aws4_request, Signature=1"
            },
            {"Authorization": "a.token.of-somebody"},
        ),
    ],
)
def test_each_way_to_show_who_one_is(mended, opened, mode, settings, good, bad):
    graph = Graph(mended, opened, authenticationType=mode, **settings)
    connection = graph.client_of(headers=good)

    assert graph.start(connection, "1", "subscription { noteAdded { id } }", **good)["type"] == "start_ack"
    graph.ask('mutation { addNote(id: "1") { id } }', **good)
    assert heard(connection) == data("1", "noteAdded", id="1")
    assert heard(graph.dial(bad))["type"] == "connection_error"


def test_a_function_decides_who_may_listen(mended, opened):
    def decide(event, headers):
        context = event["requestContext"]
        allowed = event["authorizationToken"] == "ada" and "secretly" not in (context["queryString"] or "")
        return {"isAuthorized": allowed}

    name, arn = mended.function(decide)
    graph = Graph(
        mended,
        opened,
        authenticationType="AWS_LAMBDA",
        lambdaAuthorizerConfig={"authorizerUri": arn, "authorizerResultTtlInSeconds": 0},
    )
    ada = {"Authorization": "ada"}
    connection = graph.client_of(headers=ada)

    assert graph.start(connection, "1", "subscription { noteAdded { id } }", **ada)["type"] == "start_ack"
    assert (
        graph.start(connection, "2", "subscription secretly { noteAdded { id } }", **ada)["type"] == "error"
    )
    assert heard(graph.dial({"Authorization": "mallory"}))["type"] == "connection_error"
    assert [event["requestContext"]["apiId"] for event in mended.seen(name)] == [graph.id] * 4


def test_graphql_subscriptions_is_still_needed(unmended_bench, opened):
    graph = Graph(unmended_bench, opened)

    with pytest.raises(InvalidStatus) as refused:
        graph.dial()
    assert refused.value.response.status_code == 403, "the emulator has subscriptions now"
