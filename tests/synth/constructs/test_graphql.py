"""`AppSyncApi`: what it makes of schemas, data sources and ways to sign in."""

from __future__ import annotations

import json

import pytest

from sundog.constructs._graphql_schema import joined_schemas

pytestmark = pytest.mark.xdist_group("cdk")

NOTES = '''"""What can be asked: type Query { of course }"""
type Query {
  # the notes { all }
  notes(filter: Filter = {done: false}): [String]
}

input Filter {
  done: Boolean
}
'''
OTHERS = '''"""Never seen, because the first description stands."""
extend type Query @aws_api_key {
  words: String
}

type Query {
  numbers: [Int]
}

extend type Mutation {
  add(text: String): String
}
'''


def only(items):
    (item,) = items
    return item


def test_types_of_several_files_are_joined():
    assert (
        joined_schemas([NOTES, OTHERS]).split()
        == (
            NOTES.replace("[String]\n}", "[String]\n words: String\n numbers: [Int]\n}")
            + "type Mutation {\n  add(text: String): String\n}\n"
        ).split()
    )


def test_a_schema_that_is_not_closed_is_left_to_appsync():
    assert joined_schemas(["type Query {", "type Note { id: ID }"]).startswith("type Query {")


def test_a_schema_of_several_files_and_code_are_in_the_template(backend, project):
    project.write("notes.graphql", NOTES)
    project.write("others.graphql", OTHERS)
    project.write("resolvers/words.js", "export function request(ctx) {}\n")
    project.write("resolvers/request.vtl", "{}\n")
    assembly = backend(
        """
AppSyncApi(stack, "graph", schema=["notes.graphql", "others.graphql"],
    data_sources={
        "nothing": {"type": "none"},
        "bus": {"type": "event_bus", "event_bus": aws_cdk.aws_events.EventBus(stack, "bus")},
        "site": {"type": "http", "endpoint": "https://example.com"},
    },
    resolvers={
        "Query words": {"source": "nothing", "code": "resolvers/words.js"},
        "Query numbers": {"source": "site", "request": "resolvers/request.vtl", "response": "$util.toJson($ctx.result)"},
    })
"""
    )
    resolvers = {one["FieldName"]: one for one in assembly.resources("backend", "AWS::AppSync::Resolver")}
    sources = assembly.resources("backend", "AWS::AppSync::DataSource")

    assert "words: String" in only(assembly.resources("backend", "AWS::AppSync::GraphQLSchema"))["Definition"]
    assert resolvers["words"]["Code"] == "export function request(ctx) {}\n"
    assert resolvers["words"]["Runtime"] == {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
    assert resolvers["numbers"]["RequestMappingTemplate"] == "{}\n"
    assert resolvers["numbers"]["ResponseMappingTemplate"] == "$util.toJson($ctx.result)"
    assert sorted(one["Type"] for one in sources) == ["AMAZON_EVENTBRIDGE", "HTTP", "NONE"]


def test_a_database_and_a_cluster_of_the_cdk_are_asked_with_the_data_api(backend):
    assembly = backend(
        """
orders = Database(stack, "orders", database_name="shop")
AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={
    "ours": {"type": "rds", "database": orders},
    "cdk": {"type": "rds", "cluster": orders.cdk.cluster, "secret": orders.cdk.cluster.secret, "database": "shop"},
})
"""
    )
    sources = assembly.resources("backend", "AWS::AppSync::DataSource")
    ours, theirs = (one["RelationalDatabaseConfig"]["RdsHttpEndpointConfig"] for one in sources)

    assert {one["Type"] for one in sources} == {"RELATIONAL_DATABASE"}
    assert ours == theirs
    assert ours["DatabaseName"] == "shop"


def test_one_function_on_several_fields_is_one_data_source(backend):
    assembly = backend(
        """
graph = AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"notes": "functions/notes.get"}, resolvers={
    "Query notes": "notes", "Query others": "functions/notes.get", "Query more": "functions/notes.create"})
graph.bind([Queue(stack, "jobs")])
assert graph.function("Query others") is graph.function("Query notes")
"""
    )
    functions = {entry.function: entry for entry in assembly.manifest.functions}

    assert len(assembly.resources("backend", "AWS::AppSync::DataSource")) == 2
    assert [trigger.label for trigger in functions["get"].triggers] == ["Query notes", "Query others"]
    assert functions["create"].bindings == ["backend/jobs"]


def test_callers_show_who_they_are_in_the_ways_that_are_listed(backend):
    assembly = backend(
        """
users = aws_cdk.aws_cognito.UserPool(stack, "users")
graph = AppSyncApi(stack, "graph", schema="schema.graphql", tracing=False, authorizers=[
    {"type": "user_pool", "user_pool": users},
    {"type": "api_key", "expires": "2027-06-30"},
    "iam",
    {"type": "jwt", "issuer": "https://a.example", "audience": "notes"},
    {"type": "lambda", "function": "functions/digest.run", "cache": 60},
])
Function(stack, "caller", handler="functions/notes.get", bind=[graph], permissions=[(graph, "grant_query")])
"""
    )
    api = only(assembly.resources("backend", "AWS::AppSync::GraphQLApi"))
    kinds = [one["AuthenticationType"] for one in api["AdditionalAuthenticationProviders"]]

    assert api["AuthenticationType"] == "AMAZON_COGNITO_USER_POOLS"
    assert kinds == ["API_KEY", "AWS_IAM", "OPENID_CONNECT", "AWS_LAMBDA"]
    assert only(assembly.resources("backend", "AWS::AppSync::ApiKey"))["Expires"] == 1814313600
    assert "appsync:GraphQL" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_a_domain_takes_a_certificate_and_makes_a_record(backend):
    assembly = backend(
        """
certificate = aws_cdk.aws_certificatemanager.Certificate.from_certificate_arn(
    stack, "certificate", "arn:aws:acm:us-east-1:123456789012:certificate/a")
graph = AppSyncApi(stack, "graph", schema="schema.graphql",
    domain={"name": "graph.example.com", "certificate": certificate, "hosted_zone": "Z0123456789ABC"})
assert graph.custom_domain_url == "https://graph.example.com/graphql"
"""
    )
    record = only(assembly.resources("backend", "AWS::Route53::RecordSet"))

    assert (record["Name"], record["Type"]) == ("graph.example.com.", "CNAME")
    assert (
        only(assembly.resources("backend", "AWS::AppSync::DomainName"))["DomainName"] == "graph.example.com"
    )
