"""Whether the mends are still needed: without one, the emulator shows the defect.

A failure here means that the pinned emulator does right by itself: remove the mend.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from sundog.aws.embedded.launcher.mends import MENDS, name_of

from .defects import apis, stacks, users
from .defects.stacks import ROLE

EVERY_MEND = tuple(name_of(mend) for mend in MENDS)


@pytest.fixture(scope="module")
def unmended(run_cloud, aws_at, tmp_path_factory):
    with run_cloud(tmp_path_factory.mktemp("unmended"), skipped_mends=EVERY_MEND) as started:
        clients = aws_at(started.endpoint_url)
        clients.cloud = started
        yield clients


def test_the_data_api_still_needs_a_database(unmended):
    rds = unmended.client("rds")
    user = {"MasterUsername": "postgres", "MasterUserPassword": "only-on-this-machine"}
    engine = {"Engine": "aurora-postgresql", "DBClusterIdentifier": "stub"}
    rds.create_db_cluster(**engine, **user, EnableHttpEndpoint=True)
    rds.create_db_instance(**engine, DBInstanceIdentifier="stub-1", DBInstanceClass="db.serverless")
    (cluster,) = rds.describe_db_clusters(DBClusterIdentifier="stub")["DBClusters"]
    secret = unmended.client("secretsmanager").create_secret(Name="stub", SecretString='{"password": "x"}')

    with pytest.raises(Exception, match="stub mode"):
        unmended.client("rds-data").execute_statement(
            resourceArn=cluster["DBClusterArn"], secretArn=secret["ARN"], sql="select 1"
        )


def test_mend_of_https_at_distributions_is_still_needed(run_cloud, aws_at, aws, tmp_path):
    with run_cloud(tmp_path / "cloud", skipped_mends=("distribution_https",)) as started:
        assert apis.answer_of_a_distribution(aws_at(started.endpoint_url)) == (301, True)
    status, by_distribution = apis.answer_of_a_distribution(aws)

    assert status != 301
    assert by_distribution


def placeholder(aws, zipped, **settings):
    aws.client("lambda").create_function(
        FunctionName="fn",
        Runtime="python3.12",
        Handler="index.handler",
        Role=ROLE,
        Code={"ZipFile": zipped({"README.txt": ""})},
        **settings,
    )


@pytest.mark.parametrize(
    ("mend", "shows_the_defect"),
    [
        ("http_api_cors", apis.cors_does_nothing),
        ("http_api_function_error", apis.function_errors_are_shown),
        ("graphql_lambda_resolver", apis.failed_graphql_fields_have_data),
        ("rest_api_function_error", apis.function_errors_are_shown_by_rest_apis),
        ("http_api_payload_format", apis.functions_get_another_format),
        ("http_proxy_integration", apis.http_urls_keep_their_parameters),
        ("websocket_route_response", apis.route_responses_are_unknown),
        ("websocket_invocations", apis.websocket_functions_answer_unasked),
        ("bucket_tags", stacks.tags_are_dropped),
        ("function_properties", stacks.function_properties_are_dropped),
        ("function_code", stacks.missing_code_is_taken),
        ("table_key", stacks.items_are_deleted),
        ("table_time_to_live", stacks.time_to_live_is_dropped),
        ("schedule_properties", stacks.time_zone_is_dropped),
        ("custom_resource_crash", stacks.crashed_custom_resource_waits),
        ("distribution_host", apis.distributions_have_no_local_name),
        ("cognito_checks", users.wrong_codes_confirm),
        ("cognito_confirmation", users.confirmation_triggers_nothing),
        ("cognito_messages", users.codes_are_not_customized),
        ("cognito_migration", users.nobody_is_migrated),
        ("cognito_sign_in", users.sign_in_triggers_nothing),
        ("cognito_trigger_errors", users.failed_triggers_are_ignored),
    ],
)
def test_mend_is_still_needed(unmended, mend, shows_the_defect):
    assert mend in EVERY_MEND
    assert shows_the_defect(unmended), f"the emulator no longer needs the mend {mend}"


@pytest.fixture(scope="module")
def unmended_function(unmended, new_target, zipped):
    """A routed function of the unmended emulator with a dead-letter queue and a success destination."""
    target = new_target()
    url, arn = unmended.queue()
    placeholder(unmended, zipped, DeadLetterConfig={"TargetArn": arn})
    unmended.cloud.call(unmended.cloud.cloud.route, ["fn"], target.url, target.token)
    yield target, url
    target.server.shutdown()
    target.server.server_close()


def test_mend_of_asynchronous_invocations_is_still_needed(unmended, unmended_function, errors):
    target, url = unmended_function

    def fail(event, headers):
        raise errors.raised("Broken", "always")

    target.handlers["fn"] = fail
    functions = unmended.client("lambda")
    functions.put_function_event_invoke_config(FunctionName="fn", MaximumRetryAttempts=0)
    functions.invoke(FunctionName="fn", InvocationType="Event", Payload=b'{"a": 1}')
    [message] = unmended.messages(url)

    assert "requestContext" in json.loads(message["Body"]), (
        "the emulator no longer needs asynchronous_invocation"
    )


def test_mend_of_streamed_urls_is_still_needed(unmended, unmended_function):
    target, _ = unmended_function
    target.handlers["fn"] = lambda event, headers: {"statusCode": 202, "body": "streamed"}
    target.headers = {"X-Sundog-Http-Stream": "1"}
    created = unmended.client("lambda").create_function_url_config(
        FunctionName="fn", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )
    identity = created["FunctionUrl"].removeprefix("https://").partition(".")[0]

    with urllib.request.urlopen(unmended.cloud.cloud.url_for("function_url", identity), timeout=30) as answer:
        assert answer.status == 200, "the emulator no longer needs function_url_stream"
        assert json.load(answer)["body"] == "streamed"
    target.headers = {}


def test_mend_of_the_batching_window_is_still_needed(unmended, unmended_function, wait_for):
    target, _ = unmended_function
    target.handlers["fn"] = lambda event, headers: None
    target.seen.clear()
    url, arn = unmended.queue()
    unmended.client("lambda").create_event_source_mapping(
        FunctionName="fn", EventSourceArn=arn, BatchSize=10, MaximumBatchingWindowInSeconds=300
    )

    unmended.client("sqs").send_message(QueueUrl=url, MessageBody="at once")

    wait_for(lambda: target.seen.get("fn"), "the message, delivered before its window: the mend is needed")
