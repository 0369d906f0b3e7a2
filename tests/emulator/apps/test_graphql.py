"""A GraphQL API: fields resolved by functions, a table, a site and nothing at all."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from websockets.sync.client import connect

from sundog.testing import GraphqlFailed

pytestmark = pytest.mark.xdist_group("apps-graphql")

APP = """
    from sundog import App, AppSyncApi, EventBus, Table

    app = App()


    @app.stack
    def backend(stack):
        notes = Table(stack, "notes", partition_key=("id", "string"))
        bus = EventBus(stack, "shop")
        bus.subscribe("note.announced", "functions/graph.announced")
        api = AppSyncApi(
            stack,
            "graph",
            schema=["schema/notes.graphql", "schema/others.graphql"],
            bind=[notes],
            data_sources={
                "table": {"type": "dynamodb", "table": notes},
                "site": {"type": "http", "endpoint": "{{site}}"},
                "nothing": {"type": "none"},
                "bus": {"type": "event_bus", "event_bus": bus},
                "words": "functions/graph.words",
            },
            resolvers={
                "Query notes": "functions/graph.notes",
                "Query fail": "functions/graph.fail",
                "Query words": "words",
                "Query note": {"source": "table", "code": "resolvers/note.js"},
                "Mutation announce": {"source": "bus", "code": "resolvers/announce.js"},
                "Mutation addNote": {"source": "table", "code": "resolvers/add.js"},
                "Query remote": {"source": "site", "code": "resolvers/remote.js"},
                "Query double": {"source": "nothing", "code": "resolvers/double.js"},
            },
        )
        stack.outputs(Url=api.url, Key=api.api_key, LiveUrl=api.realtime_url)


    app.synth()
"""
FILES = {
    "functions/graph.py": """
        from sundog_runtime import resources


        def notes(event, context):
            return resources.notes.table.scan()["Items"]


        def words(event, context):
            return event["arguments"]["text"].split()


        def fail(event, context):
            raise ValueError("there are no such notes")


        def announced(event, context):
            return event["detail"]["id"]
    """,
    "schema/notes.graphql": '''
        """What can be asked."""
        type Query {
          notes: [Note]
          note(id: ID!): Note
          fail: String
        }

        type Mutation {
          addNote(id: ID!, text: String): Note
          announce(id: ID!): Int
        }

        type Subscription {
          noteAdded(id: ID): Note @aws_subscribe(mutations: ["addNote"])
        }

        type Note {
          id: ID!
          text: String
        }
    ''',
    "schema/others.graphql": '''
        """What else can be asked."""
        extend type Query {
          words(text: String = "{}"): [String]
          remote(path: String): String
          double(number: Int!): Int
        }
    ''',
    "resolvers/note.js": """
        import { util } from '@aws-appsync/utils';

        export function request(ctx) {
          return { operation: 'GetItem', key: util.dynamodb.toMapValues({ id: ctx.args.id }) };
        }

        export function response(ctx) {
          return ctx.result;
        }
    """,
    "resolvers/add.js": """
        import { util } from '@aws-appsync/utils';

        export function request(ctx) {
          return {
            operation: 'PutItem',
            key: util.dynamodb.toMapValues({ id: ctx.args.id }),
            attributeValues: util.dynamodb.toMapValues({ text: ctx.args.text }),
          };
        }

        export function response(ctx) {
          return ctx.result;
        }
    """,
    "resolvers/announce.js": """
        export function request(ctx) {
          const event = { source: 'notes', detailType: 'note.announced', detail: { id: ctx.args.id } };
          return { operation: 'PutEvents', events: [event] };
        }

        export function response(ctx) {
          return ctx.result.FailedEntryCount;
        }
    """,
    "resolvers/remote.js": """
        export function request(ctx) {
          return { method: 'GET', resourcePath: ctx.args.path };
        }

        export function response(ctx) {
          return ctx.result.body;
        }
    """,
    "resolvers/double.js": """
        export function request(ctx) {
          return { payload: ctx.args.number * 2 };
        }

        export function response(ctx) {
          return ctx.result;
        }
    """,
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"you asked for {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        return


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def app(deploy_app, site):
    return deploy_app(APP.replace("{{site}}", site), FILES)


@pytest.fixture
def ask(app):
    def request(query, **headers):
        given = headers or {"x-api-key": app.output("Key")}
        answer = app.request("POST", app.output("Url"), json={"query": query}, headers=given)
        return answer.json() if answer.status == 200 else answer.status

    return request


def test_a_table_and_a_function_resolve_what_a_client_asks_for(app, ask):
    mark = app.mark()
    added = ask('mutation { addNote(id: "1", text: "buy milk") { id text } }')

    assert added == {"data": {"addNote": {"id": "1", "text": "buy milk"}}}
    assert ask('{ note(id: "1") { text } }') == {"data": {"note": {"text": "buy milk"}}}
    assert {"text": "buy milk"} in ask("{ notes { text } }")["data"]["notes"]
    (seen,) = app.wait_for("notes", since=mark)
    assert seen.event["info"]["fieldName"] == "notes"
    assert seen.trigger.label == "Query notes"


def test_a_test_sends_a_query_with_variables_and_the_key_of_the_api(app):
    query = "query($text: String) { words(text: $text) }"

    assert app.graphql(query, {"text": "three four"}) == {"words": ["three", "four"]}
    assert app.url("graph") == app.output("Url")


def test_a_query_of_a_test_that_fails_says_why(app):
    with pytest.raises(GraphqlFailed, match="there are no such notes") as failed:
        app.graphql("{ fail }")
    with pytest.raises(GraphqlFailed, match="the query failed: 401"):
        app.graphql("{ fail }", headers={"accept": "application/json"})

    assert [error["path"] for error in failed.value.errors] == [["fail"]]
    assert failed.value.data == {"fail": None}


def test_a_named_data_source_is_a_function_too(app, ask):
    mark = app.mark()

    assert ask('{ words(text: "one two") }') == {"data": {"words": ["one", "two"]}}
    (seen,) = app.wait_for("words", since=mark)
    assert seen.event["arguments"] == {"text": "one two"}


def test_an_event_bus_is_told_by_a_resolver(app, ask):
    mark = app.mark()

    assert ask('mutation { announce(id: "7") }') == {"data": {"announce": 0}}
    (seen,) = app.wait_for("announced", since=mark)
    assert (seen.event["source"], seen.response) == ("notes", "7")


def test_the_error_of_a_function_is_told(ask):
    answer = ask("{ fail }")

    assert answer["data"] == {"fail": None}
    assert [error["message"] for error in answer["errors"]] == ["there are no such notes"]


def test_a_site_and_nothing_at_all_resolve_fields(ask):
    assert ask('{ remote(path: "/weather") }') == {"data": {"remote": "you asked for /weather"}}
    assert ask("{ double(number: 21) }") == {"data": {"double": 42}}


@pytest.fixture
def listen(app):
    """Subscribe as a client of AppSync does; what comes is told by the functions that are returned."""
    with contextlib.ExitStack() as opened:

        def start(query):
            shown = {"host": "localhost", "x-api-key": app.output("Key")}
            header = base64.b64encode(json.dumps(shown).encode()).decode()
            address = f"{app.output('LiveUrl')}?header={header}&payload=e30="
            connection = opened.enter_context(connect(address, subprotocols=["graphql-ws"], open_timeout=30))
            payload = {"data": json.dumps({"query": query}), "extensions": {"authorization": shown}}
            connection.send(json.dumps({"type": "connection_init"}))
            connection.send(json.dumps({"type": "start", "id": "1", "payload": payload}))

            def heard():
                while (message := json.loads(connection.recv(timeout=30)))["type"] == "ka":
                    pass
                return message

            assert [heard()["type"], heard()["type"]] == ["connection_ack", "start_ack"]
            return heard

        yield start


def test_what_a_table_took_reaches_who_subscribed(ask, listen):
    every, one = (
        listen("subscription { noteAdded { id text } }"),
        listen('subscription { noteAdded(id: "9") { id } }'),
    )
    ask('mutation { addNote(id: "8", text: "rest") { id text } }')
    ask('mutation { addNote(id: "9", text: "dance") { id text } }')

    assert [every()["payload"], every()["payload"]] == [
        {"data": {"noteAdded": {"id": "8", "text": "rest"}}},
        {"data": {"noteAdded": {"id": "9", "text": "dance"}}},
    ]
    assert one() == {"id": "1", "type": "data", "payload": {"data": {"noteAdded": {"id": "9"}}}}


def test_a_request_without_a_key_is_refused(ask):
    assert ask("{ double(number: 1) }", accept="application/json") == 401
    assert ask("{ double(number: 1) }", x_api_key="wrong") == 401


def test_an_edited_resolver_answers_after_the_update(app, ask):
    before = ask("{ double(number: 3) }")
    app.edit("resolvers/double.js", "number * 2", "number * 20")
    app.deploy()
    after = ask("{ double(number: 3) }")
    app.edit("resolvers/double.js", "number * 20", "number * 2")
    app.deploy()

    assert (before, after) == ({"data": {"double": 6}}, {"data": {"double": 60}})
