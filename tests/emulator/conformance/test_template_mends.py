"""Properties that the emulator's CloudFormation drops, and its services would follow."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid

CODE = """
export function request() { return {}; }
export function response(ctx) { return ctx.prev.result; }
"""


def fifo_topic(bench):
    properties = {
        "TopicName": f"t{uuid.uuid4().hex[:8]}.fifo",
        "FifoTopic": True,
        "ContentBasedDeduplication": True,
    }
    stack = bench.aws.deploy({"It": {"Type": "AWS::SNS::Topic", "Properties": properties}})
    return bench.aws.resource(stack["StackName"], "It")


def test_a_fifo_topic_of_a_template_delivers_a_message_that_is_sent_twice_once(mended):
    topics, topic = mended.aws.client("sns"), fifo_topic(mended)
    queues = mended.aws.client("sqs")
    url = queues.create_queue(QueueName=f"q{uuid.uuid4().hex[:8]}.fifo", Attributes={"FifoQueue": "true"})[
        "QueueUrl"
    ]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    for message in ("one", "one", "two"):
        topics.publish(TopicArn=topic, Message=message, MessageGroupId="a")
    received = [json.loads(message["Body"])["Message"] for message in mended.aws.messages(url)]

    assert received == ["one", "two"]


def test_topic_properties_is_still_needed(unmended_bench):
    topic = fifo_topic(unmended_bench)

    attributes = unmended_bench.aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert "FifoTopic" not in attributes, "the emulator makes FIFO topics of templates"


def pipeline_function(code):
    return {
        "Api": {
            "Type": "AWS::AppSync::GraphQLApi",
            "Properties": {"Name": "graph", "AuthenticationType": "API_KEY"},
        },
        "Source": {
            "Type": "AWS::AppSync::DataSource",
            "Properties": {"ApiId": {"Fn::GetAtt": ["Api", "ApiId"]}, "Name": "nothing", "Type": "NONE"},
        },
        "Function": {
            "Type": "AWS::AppSync::FunctionConfiguration",
            "Properties": {
                "ApiId": {"Fn::GetAtt": ["Api", "ApiId"]},
                "Name": "first",
                "DataSourceName": {"Fn::GetAtt": ["Source", "Name"]},
                "Code": code,
                "Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"},
            },
        },
    }


def functions_of(bench, stack):
    api = bench.aws.resource(stack["StackName"], "Api").rpartition("/")[2]
    return bench.aws.client("appsync").list_functions(apiId=api)["functions"]


def test_the_functions_of_a_pipeline_are_made_changed_and_kept_under_their_id(mended):
    stack = mended.aws.deploy(pipeline_function(CODE))
    (made,) = functions_of(mended, stack)
    mended.aws.deploy(pipeline_function(CODE + "//"), name=stack["StackName"])
    (changed,) = functions_of(mended, stack)

    assert (made["name"], made["dataSourceName"], made["code"]) == ("first", "nothing", CODE)
    assert made["runtime"] == {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}
    assert (changed["functionId"], changed["code"]) == (made["functionId"], CODE + "//")


def test_a_pipeline_of_a_template_runs_its_functions(mended):
    api = {"Fn::GetAtt": ["Api", "ApiId"]}
    javascript = {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
    answers = """
        export function request(ctx) { return {payload: ctx.args}; }
        export function response(ctx) { return ctx.result.name + "!"; }
    """
    resources = {
        **pipeline_function(answers),
        "Schema": {
            "Type": "AWS::AppSync::GraphQLSchema",
            "Properties": {"ApiId": api, "Definition": "type Query { greet(name: String): String }"},
        },
        "Key": {"Type": "AWS::AppSync::ApiKey", "Properties": {"ApiId": api}},
        "Resolver": {
            "Type": "AWS::AppSync::Resolver",
            "DependsOn": "Schema",
            "Properties": {
                "ApiId": api,
                "TypeName": "Query",
                "FieldName": "greet",
                "Kind": "PIPELINE",
                "Code": CODE,
                "Runtime": javascript,
                "PipelineConfig": {"Functions": [{"Fn::GetAtt": ["Function", "FunctionId"]}]},
            },
        },
    }
    stack = mended.aws.deploy(resources, Outputs={"Key": {"Value": {"Fn::GetAtt": ["Key", "ApiKey"]}}})
    (key,) = (output["OutputValue"] for output in stack["Outputs"])
    identity = mended.aws.resource(stack["StackName"], "Api").rpartition("/")[2]
    body = json.dumps({"query": '{ greet(name: "ada") }'}).encode()
    address = f"{mended.aws.endpoint_url}/v1/apis/{identity}/graphql"
    with urllib.request.urlopen(
        urllib.request.Request(address, body, {"x-api-key": key}), timeout=30
    ) as response:
        answer = json.load(response)

    assert answer == {"data": {"greet": "ada!"}}


def test_graph_functions_is_still_needed(unmended_bench):
    stack = unmended_bench.aws.deploy(pipeline_function(CODE))

    assert functions_of(unmended_bench, stack) == [], "the emulator makes the functions of pipelines"


def announced(bench):
    """Ask a field whose resolver puts an event; return the answer and the address of a queue that gets the event."""
    graph, events, source = bench.aws.client("appsync"), bench.aws.client("events"), uuid.uuid4().hex
    url, queue = bench.aws.queue()
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=source, Targets=[{"Id": "0", "Arn": queue}])
    api = graph.create_graphql_api(name="graph", authenticationType="API_KEY")["graphqlApi"]["apiId"]
    key = graph.create_api_key(apiId=api)["apiKey"]["id"]
    graph.start_schema_creation(apiId=api, definition=b"type Query { tell: Int }")
    bus = {"eventBusArn": "arn:aws:events:eu-west-1:000000000000:event-bus/default"}
    graph.create_data_source(apiId=api, name="bus", type="AMAZON_EVENTBRIDGE", eventBridgeConfig=bus)
    event = f"{{source: '{source}', detailType: 'told', detail: {{n: 1}}}}"
    code = (
        f"export function request() {{ return {{operation: 'PutEvents', events: [{event}]}}; }}\n"
        "export function response(ctx) { return ctx.error ? -1 : ctx.result.FailedEntryCount; }"
    )
    runtime = {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}
    graph.create_resolver(
        apiId=api, typeName="Query", fieldName="tell", dataSourceName="bus", code=code, runtime=runtime
    )
    request = urllib.request.Request(
        f"{bench.aws.endpoint_url}/v1/apis/{api}/graphql", b'{"query": "{ tell }"}', {"x-api-key": key}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response), url


def test_a_resolver_puts_events_into_a_bus(mended):
    answer, url = announced(mended)
    [message] = mended.aws.messages(url)

    assert answer == {"data": {"tell": 0}}
    assert json.loads(message["Body"])["detail"] == {"n": 1}


def test_graph_event_source_is_still_needed(unmended_bench):
    answer, _ = announced(unmended_bench)

    assert answer != {"data": {"tell": 0}}, "the emulator's resolvers put events"


def validated_api(bench):
    """Deploy an API with a method that wants a parameter; return the status of a request without it."""
    api = {"Ref": "Api"}
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "validated"}},
        "Validator": {
            "Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {"RestApiId": api, "Name": "parameters", "ValidateRequestParameters": True},
        },
        "Method": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": api,
                "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "HttpMethod": "GET",
                "AuthorizationType": "NONE",
                "RequestValidatorId": {"Ref": "Validator"},
                "RequestParameters": {"method.request.querystring.name": True},
                "MethodResponses": [{"StatusCode": "200"}],
                "Integration": {
                    "Type": "MOCK",
                    "RequestTemplates": {"application/json": '{"statusCode": 200}'},
                    "IntegrationResponses": [{"StatusCode": "200"}],
                },
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": api, "StageName": "live"},
            "DependsOn": "Method",
        },
    }
    stack = bench.aws.deploy(resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    address = bench.cloud.cloud.url_for("api", bench.aws.resource(stack["StackName"], "Api"), stage="live")

    def status(query):
        try:
            with urllib.request.urlopen(f"{address}/{query}", timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    return status("?name=ada"), status("")


def test_a_request_without_what_the_validator_wants_is_refused(mended):
    assert validated_api(mended) == (200, 400)


def test_rest_api_validators_is_still_needed(unmended_bench):
    assert validated_api(unmended_bench) == (200, 200), "the emulator follows validators of templates"


def test_a_global_table_of_a_template_has_its_time_to_live(mended):
    properties = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "Replicas": [{"Region": "eu-west-1"}],
        "TimeToLiveSpecification": {"AttributeName": "gone", "Enabled": True},
    }
    stack = mended.aws.deploy({"It": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}})
    table = mended.aws.resource(stack["StackName"], "It")
    described = mended.aws.client("dynamodb").describe_time_to_live(TableName=table)

    assert described["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
