"""The full text of every error that a construct raises on bad input: reviewed like code, in the snapshot file."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module

import pytest

import sundog.constructs
from sundog.errors import SundogError

pytestmark = pytest.mark.xdist_group("cdk")

HEADER = """
import aws_cdk
from aws_cdk import aws_apigateway as apigateway, aws_cognito as cognito, aws_dynamodb as dynamodb, aws_sqs as sqs
from sundog import *
app = App()
stack = Stack(app, "backend")
"""

CASES = {
    # Ids and where a construct stands
    "id_with_a_space": 'Table(stack, "my notes", partition_key=("id", "string"))',
    "id_that_starts_with_a_digit": 'Queue(stack, "1st")',
    "id_taken": 'Queue(stack, "jobs")\nQueue(Stack(app, "other"), "jobs")',
    "id_taken_but_for_the_hyphen": 'Queue(stack, "my-jobs")\nQueue(stack, "my_jobs")',
    "not_in_a_sundog_app": 'Queue(aws_cdk.Stack(aws_cdk.App(), "x"), "jobs")',
    "stack_not_in_a_sundog_app": 'Stack(aws_cdk.App(), "x")',
    "cdk_id_of_another_kind": 'Table(stack, "notes", partition_key=("id", "string"), cdk={"id": ["old"]})',
    "stack_in_another_region": 'Stack(app, "other", env=aws_cdk.Environment(region="eu-west-3"))',
    "stack_in_another_account": 'Stack(app, "other", env={"account": "123456789012"})',
    "stack_name_without_the_stage": 'Stack(app, "other", stack_name="notes-other")',
    "stack_name_with_other_characters": 'Stack(app, "other", stack_name="local_notes")',
    "stack_name_too_long": 'Stack(app, "o" * 140)',
    "output_without_a_value": 'stack.outputs(Url={"description": "where it is"})',
    "site_with_a_distribution_and_a_domain": (
        "from aws_cdk import aws_cloudfront as cloudfront\n"
        'there = cloudfront.Distribution.from_distribution_attributes(stack, "d", distribution_id="E1", domain_name="d1.a.example")\n'
        'StaticSite(stack, "web", path="web", domain="www.example.com", cdk={"distribution": there})'
    ),
    # Handlers
    "handler_file_missing": 'Function(stack, "f", handler="functions/nots.create")',
    "handler_file_missing_without_a_like": 'Function(stack, "f", handler="zzz/qqq.create")',
    "handler_function_missing": 'Function(stack, "f", handler="functions/notes.creat")',
    "handler_function_missing_without_a_like": 'Function(stack, "f", handler="functions/notes.zzz")',
    "handler_function_missing_in_typescript": 'Function(stack, "f", handler="functions/badge.handle")',
    "handler_is_a_folder": 'Function(stack, "f", handler="functions/")',
    "handler_is_a_folder_with_a_function": 'Function(stack, "f", handler="functions.create")',
    "handler_in_another_case": 'Function(stack, "f", handler="Functions/notes.create")',
    "handler_as_a_module": 'Function(stack, "f", handler="functions.notes.create")',
    "handler_without_a_function": 'Function(stack, "f", handler="functions/notes")',
    "handler_is_a_file": 'Function(stack, "f", handler="functions/notes.py")',
    "handler_with_a_suffix": 'Function(stack, "f", handler="functions/notes.py.create")',
    "handler_with_a_colon": 'Function(stack, "f", handler="functions/notes:create")',
    "handler_outside": 'Function(stack, "f", handler="../notes.create")',
    "handler_absolute": 'Function(stack, "f", handler="/functions/notes.create")',
    "handler_imported": 'def create(event, context): ...\nFunction(stack, "f", handler=create)',
    "handler_async": 'Function(stack, "f", handler="functions/asynchronous.run")',
    "handler_not_packaged": 'Function(stack, "f", handler="tests/helper.run")',
    "handler_in_a_route": 'Api(stack, "api", routes={\n    "GET /a": "functions/notes.get",\n    "GET /b": "functions/notes.lst",\n})',
    "no_handler": 'Function(stack, "f")',
    "function_in_a_nested_stack": (
        'Function(aws_cdk.NestedStack(stack, "inner"), "f", handler="functions/notes.get")\napp.synth()'
    ),
    # Settings of functions
    "timeout_too_long": 'Function(stack, "f", handler="functions/notes.get", timeout=901)',
    "timeout_in_words": 'Function(stack, "f", handler="functions/notes.get", timeout="half an hour")',
    "memory_too_small": 'Function(stack, "f", handler="functions/notes.get", memory=64)',
    "memory_in_words": 'Function(stack, "f", handler="functions/notes.get", memory="1 TB")',
    "runtime_misspelt": 'Function(stack, "f", handler="functions/notes.get", runtime="python3.21")',
    "runtime_of_another_language": 'Function(stack, "f", handler="functions/notes.get", runtime="nodejs22.x")',
    "architecture_misspelt": 'Function(stack, "f", handler="functions/notes.get", architecture="arm")',
    "setting_misspelt": 'Queue(stack, "jobs", consumer={"handler": "functions/notes.get", "timout": 5})',  # codespell:ignore timout
    "setting_of_the_cdk": 'Queue(stack, "jobs", consumer={"handler": "functions/notes.get", "profiling": True})',
    "disk_too_small": 'Function(stack, "f", handler="functions/notes.get", disk=256)',
    "tracing_misspelt": 'Function(stack, "f", handler="functions/notes.get", tracing="activ")',  # codespell:ignore activ
    "tracing_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", tracing=True)',
    "concurrency_below_zero": 'Function(stack, "f", handler="functions/notes.get", reserved_concurrency=-1)',
    "retention_between": 'Function(stack, "f", handler="functions/notes.get", log_retention_days=10)',
    "layer_without_a_version": (
        'Function(stack, "f", handler="functions/notes.get", layers=["arn:aws:lambda:eu-west-1:123456789012:layer:tools"])'
    ),
    "layer_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", layers=[42])',
    "layers_too_many": (
        'arn = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:1"\n'
        'Function(stack, "f", handler="functions/notes.get", layers=[arn] * 6)'
    ),
    "security_groups_without_a_vpc": 'Function(stack, "f", handler="functions/notes.get", security_groups=[])',
    "file_system_without_a_vpc": (
        "from aws_cdk import aws_ec2 as ec2, aws_efs as efs, aws_lambda as lambda_\n"
        'point = efs.FileSystem(stack, "files", vpc=ec2.Vpc(stack, "vpc")).add_access_point("point")\n'
        'files = lambda_.FileSystem.from_efs_access_point(point, "/mnt/files")\n'
        'Function(stack, "f", handler="functions/notes.get", file_system=files)'
    ),
    "file_system_of_another_kind": (
        'vpc = aws_cdk.aws_ec2.Vpc(stack, "vpc")\n'
        'Function(stack, "f", handler="functions/notes.get", vpc=vpc, file_system="/mnt/files")'
    ),
    "log_level_misspelt": 'Function(stack, "f", handler="functions/notes.get", log_level="warning")',
    "log_format_misspelt": 'Function(stack, "f", handler="functions/notes.get", log_format="JSONL")',
    "log_level_of_a_log_in_text": (
        'Function(stack, "f", handler="functions/notes.get", log_format="text", system_log_level="debug")'
    ),
    "variable_that_is_a_number": 'Function(stack, "f", handler="functions/notes.get", environment={"LIMIT": 3})',
    "variable_of_lambda": 'Function(stack, "f", handler="functions/notes.get", environment={"AWS_REGION": "eu-west-1"})',
    "variable_with_a_hyphen": 'Function(stack, "f", handler="functions/notes.get", environment={"log-level": "INFO"})',
    "variable_of_one_letter": 'Function(stack, "f", handler="functions/notes.get", environment={"A": "1"})',
    "variables_too_long": (
        'f = Function(stack, "f", handler="functions/notes.get", environment={"RULES": "x" * 4000, "LEVEL": "INFO"})\n'
        'f.bind([Table(stack, f"table{number}", partition_key=("id", "string")) for number in range(3)])\napp.synth()'
    ),
    "variable_of_an_imported_function": (
        'there = aws_cdk.aws_lambda.Function.from_function_name(stack, "there", "there")\n'
        'Function(stack, "f", cdk={"function": there}).add_environment({"LEVEL": "INFO"})'
    ),
    "cdk_construct_where_properties_are_wanted": (
        'group = aws_cdk.aws_logs.LogGroup(stack, "group")\n'
        'Function(stack, "f", handler="functions/notes.get", cdk={"log_group": group})'
    ),
    "retries_too_many": 'Function(stack, "f", handler="functions/notes.get", retries=3)',
    "event_age_too_short": 'Function(stack, "f", handler="functions/notes.get", max_event_age="5 seconds")',
    "destination_in_quotes": 'Function(stack, "f", handler="functions/notes.get", on_failure="failures")',
    "destination_that_is_a_table": (
        'notes = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Function(stack, "f", handler="functions/notes.get", on_success=notes)'
    ),
    "destination_that_is_fifo": (
        'Function(stack, "f", handler="functions/notes.get", on_failure=Queue(stack, "failures", fifo=True))'
    ),
    "dead_letters_to_a_function": (
        'get = Function(stack, "get", handler="functions/notes.get")\n'
        'Function(stack, "f", handler="functions/notes.get", dead_letter=get)'
    ),
    "url_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", url="https://example.com")',
    "url_setting_misspelt": 'Function(stack, "f", handler="functions/notes.get", url={"atuh": "iam"})',
    "url_auth_misspelt": 'Function(stack, "f", handler="functions/notes.get", url={"auth": "aws_iam"})',
    "url_cors_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", url={"cors": "*"})',
    "url_cors_misspelt": 'Function(stack, "f", handler="functions/notes.get", url={"cors": {"allowed_origins": ["*"]}})',
    "url_cors_method_misspelt": (
        'Function(stack, "f", handler="functions/notes.get", url={"cors": {"allow_methods": ["GTE"]}})'
    ),
    "url_cors_with_credentials_for_everyone": (
        'Function(stack, "f", handler="functions/notes.get", url={"cors": {"allow_credentials": True}})'
    ),
    "url_cors_for_a_week": (
        'Function(stack, "f", handler="functions/notes.get", url={"cors": {"max_age": "7 days"}})'
    ),
    "url_that_streams_from_python": 'Function(stack, "f", handler="functions/notes.get", url={"streaming": True})',
    "no_url": 'Function(stack, "f", handler="functions/notes.get").url',
    "event_source_of_another_kind": 'Function(stack, "f", handler="functions/notes.get").add_event_source("jobs")',
    "warm_without_a_number": 'Function(stack, "f", handler="functions/notes.get", warm=True)',
    "warm_too_many": 'Function(stack, "f", handler="functions/notes.get", warm=1000)',
    "provisioned_below_zero": 'Function(stack, "f", handler="functions/notes.get", provisioned_concurrency=-1)',
    "snap_start_for_node": 'Function(stack, "f", handler="functions/badge.handler", snap_start=True)',
    "snap_start_for_an_old_python": (
        'Function(stack, "f", handler="functions/notes.get", runtime="python3.11", snap_start=True)'
    ),
    "snap_start_and_provisioned": (
        'Function(stack, "f", handler="functions/notes.get", snap_start=True, provisioned_concurrency=1)'
    ),
    "snap_start_with_a_large_disk": 'Function(stack, "f", handler="functions/notes.get", snap_start=True, disk="1 GB")',
    "import_with_a_setting": (
        'from aws_cdk import aws_lambda as lambda_\n'
        'raw = lambda_.Function.from_function_name(stack, "raw", "raw")\n'
        'Function(stack, "f", retries=1, cdk={"function": raw})'
    ),
    "defaults_after_a_function": 'Function(stack, "f", handler="functions/notes.get")\nstack.set_function_defaults(timeout=5)',
    "app_defaults_after_a_function": 'Function(stack, "f", handler="functions/notes.get")\napp.set_function_defaults(timeout=5)',
    "default_misspelt": "app.set_function_defaults(enviroment={})",  # codespell:ignore enviroment
    "defaults_for_an_existing_function": (
        'get = Function(stack, "f", handler="functions/notes.get")\n'
        'Api(stack, "api", function_defaults={"timeout": 5}, routes={"GET /": get})'
    ),
    "consumer_is_no_function": 'Queue(stack, "jobs", consumer=42)',
    # Bindings and permissions
    "bind_a_cdk_construct": 'Function(stack, "f", handler="functions/notes.get", bind=[sqs.Queue(stack, "raw")])',
    "bind_a_string": 'Function(stack, "f", handler="functions/notes.get", bind=["notes"])',
    "bind_two_of_one_name": (
        'table = Table(Stack(app, "storage"), "notes", partition_key=("id", "string"))\n'
        'Function(stack, "f", handler="functions/notes.get", bind=[table, Queue(stack, "notes")])'
    ),
    "id_taken_in_the_stack": 'Table(stack, "notes", partition_key=("id", "string"))\nQueue(stack, "notes")',
    "id_taken_by_a_cdk_construct": 'sqs.Queue(stack, "notes")\nTable(stack, "notes", partition_key=("id", "string"))',
    "grant_misspelt": (
        'queue = Queue(stack, "jobs")\n'
        'Function(stack, "f", handler="functions/notes.get", permissions=[(queue, "grant_send_mesages")])'  # codespell:ignore mesages
    ),
    "permission_of_a_cdk_construct_without_grants": (
        'from aws_cdk import aws_scheduler as scheduler\ngroup = scheduler.CfnScheduleGroup(stack, "g")\n'
        'Function(stack, "f", handler="functions/notes.get", permissions=[group])'
    ),
    "permission_without_a_colon": 'Function(stack, "f", handler="functions/notes.get", permissions=["s3 GetObject"])',
    "permission_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", permissions=[42])',
    # The escape hatch
    "cdk_key_misspelt": 'Table(stack, "notes", partition_key=("id", "string"), cdk={"tabel": {}})',  # codespell:ignore tabel
    "cdk_import_configured": (
        'raw = sqs.Queue(stack, "raw")\nQueue(stack, "jobs", visibility_timeout=5, cdk={"queue": raw})'
    ),
    "table_imported_with_recovery": (
        'table = dynamodb.Table.from_table_name(stack, "raw", "legacy")\n'
        'Table(stack, "notes", point_in_time_recovery=True, cdk={"table": table})'
    ),
    # Apis
    "route_without_a_method": 'Api(stack, "api", routes={"/notes": "functions/notes.get"})',
    "route_without_a_slash": 'Api(stack, "api", routes={"GET notes": "functions/notes.get"})',
    "route_method_misspelt": 'Api(stack, "api", routes={"GTE /notes": "functions/notes.get"})',
    "route_method_unknown": 'Api(stack, "api", routes={"SUBSCRIBE /notes": "functions/notes.get"})',
    "route_of_three_words": 'Api(stack, "api", routes={"GET POST /notes": "functions/notes.get"})',
    "route_with_a_colon": 'Api(stack, "api", routes={"GET /notes/:id": "functions/notes.get"})',
    "route_with_flask_parameters": 'Api(stack, "api", routes={"GET /notes/<int:id>": "functions/notes.get"})',
    "route_with_half_a_parameter": 'Api(stack, "api", routes={"GET /notes/n-{id}": "functions/notes.get"})',
    "route_proxy_in_the_middle": 'Api(stack, "api", routes={"GET /{proxy+}/x": "functions/notes.get"})',
    "route_twice": 'Api(stack, "api", routes={"GET /a": "functions/notes.get", "get  /a": "functions/notes.create"})',
    "route_twice_but_for_the_parameter": (
        'Api(stack, "api", routes={"GET /a/{id}": "functions/notes.get", "GET /a/{noteId}": "functions/notes.create"})'
    ),
    "route_unknown": 'Api(stack, "api", routes={"GET /notes": "functions/notes.get"}).function("GET /note")',
    "cors_setting_misspelt": 'Api(stack, "api", cors={"allow_origin": ["*"]})',
    "cors_method_misspelt": 'Api(stack, "api", cors={"allow_methods": ["GTE"]})',
    "cors_of_another_kind": 'Api(stack, "api", cors="*")',
    "cors_with_credentials_for_everyone": 'Api(stack, "api", cors={"allow_origins": ["*"], "allow_credentials": True})',
    "cors_headers_of_another_kind": 'Api(stack, "api", cors={"allow_headers": True})',
    "cors_for_a_week": 'RestApi(stack, "api", cors={"max_age": "7 days"})',
    "route_throttle_misspelt": (
        'Api(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "throttle": {"rates": 5}}})'
    ),
    "route_throttle_of_an_imported_api": (
        'http = aws_cdk.aws_apigatewayv2.HttpApi.from_http_api_attributes(stack, "there", http_api_id="abc")\n'
        'Api(stack, "api", cdk={"http_api": http}, routes={"GET /a": {"handler": "functions/notes.get", "throttle": {"rate": 5}}})'
    ),
    "route_timeout_too_long": 'Api(stack, "api", routes={"GET /a": {"url": "https://example.com", "timeout": "1 minute"}})',
    "url_method_misspelt": 'Api(stack, "api", routes={"GET /a": {"url": "https://example.com", "method": "GTE"}})',
    "payload_format_of_the_api": 'Api(stack, "api", payload_format="3.0")',
    "rest_route_throttle_of_an_imported_api": (
        'there = apigateway.RestApi.from_rest_api_attributes(stack, "there", rest_api_id="abc", root_resource_id="r")\n'
        'RestApi(stack, "api", cdk={"rest_api": there}, routes={"GET /a": {"handler": "functions/notes.get", "throttle": {"rate": 5}}})'
    ),
    "rest_url_of_an_imported_api": (
        'there = apigateway.RestApi.from_rest_api_attributes(stack, "there", rest_api_id="abc", root_resource_id="r")\n'
        'RestApi(stack, "api", cdk={"rest_api": there}).url'
    ),
    "cors_max_age_in_words": 'Api(stack, "api", cors={"allow_origins": ["*"], "max_age": "long"})',
    "authorizer_unknown": (
        'Api(stack, "api", authorizers={"members": {"type": "jwt", "issuer": "https://a.example", "audience": ["a"]}},\n'
        '    routes={"GET /a": {"handler": "functions/notes.get", "authorizer": "member"}})'
    ),
    "authorizer_of_another_kind": (
        'Api(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "authorizer": {"type": "jwt"}}})'
    ),
    "authorizer_default_unknown": 'Api(stack, "api", authorizer="members")',
    "authorizer_called_none": 'Api(stack, "api", authorizers={"none": {"type": "jwt"}})',
    "authorizer_type_misspelt": 'Api(stack, "api", authorizers={"members": {"type": "jwtt"}})',
    "authorizer_setting_misspelt": (
        'Api(stack, "api", authorizers={"members": {"type": "jwt", "issuer": "https://a.example", "audiences": ["a"]}})'
    ),
    "authorizer_without_an_audience": (
        'Api(stack, "api", authorizers={"members": {"type": "jwt", "issuer": "https://a.example"}})'
    ),
    "authorizer_with_a_pool_by_name": 'Api(stack, "api", authorizers={"members": {"type": "user_pool", "user_pool": "users"}})',
    "authorizer_with_a_pool_without_clients": (
        'users = cognito.UserPool(stack, "users")\n'
        'Api(stack, "api", authorizers={"members": {"type": "user_pool", "user_pool": users}})'
    ),
    "authorizer_cached_too_long": (
        'Api(stack, "api", authorizers={"keys": {"type": "lambda", "function": "functions/notes.get", "cache": "1 day"}})'
    ),
    "authorizer_response_misspelt": (
        'Api(stack, "api", authorizers={"keys": {"type": "lambda", "function": "functions/notes.get", "response": "json"}})'
    ),
    "scopes_without_a_token": (
        'Api(stack, "api", authorizer="iam", routes={"GET /a": {"handler": "functions/notes.get", "scopes": ["a"]}})'
    ),
    "throttle_of_another_kind": 'Api(stack, "api", throttle=100)',
    "throttle_setting_misspelt": 'Api(stack, "api", throttle={"rates": 100})',
    "throttle_in_words": 'Api(stack, "api", throttle={"burst": "many"})',
    "throttle_below_zero": 'Api(stack, "api", throttle={"rate": -1})',
    "route_with_a_url_and_a_handler": (
        'Api(stack, "api", routes={"GET /a": {"url": "https://a.example", "handler": "functions/notes.get"}})'
    ),
    "route_with_a_url_and_memory": 'Api(stack, "api", routes={"GET /a": {"url": "https://a.example", "memory": 512}})',
    "route_to_an_unknown_call": 'Api(stack, "api", routes={"GET /a": {"aws": "SQS-SendMesage", "on": Queue(stack, "jobs")}})',  # codespell:ignore Mesage
    "route_to_a_call_without_a_resource": 'Api(stack, "api", routes={"GET /a": {"aws": "SQS-SendMessage"}})',
    "route_to_a_call_on_another_resource": (
        'notes = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Api(stack, "api", routes={"GET /a": {"aws": "SQS-SendMessage", "on": notes}})'
    ),
    "route_to_a_call_without_a_construct": (
        'Api(stack, "api", routes={"GET /a": {"aws": "AppConfig-GetConfiguration", "on": Queue(stack, "jobs")}})'
    ),
    "route_with_an_integration_of_another_kind": 'Api(stack, "api", routes={"GET /a": {"integration": "url"}})',
    "route_without_a_function": (
        'Api(stack, "api", routes={"GET /a": {"url": "https://a.example"}}).function("GET /a")'
    ),
    "route_payload_format_misspelt": (
        'Api(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "payload_format": "1"}})'
    ),
    "stage_property_misspelt": 'Api(stack, "api", cdk={"http_stage": {"stage_variable": {}}})',
    "rest_default_route": 'RestApi(stack, "api", routes={"$default": "functions/notes.get"})',
    "rest_route_twice": 'RestApi(stack, "api", routes={"GET /a": "functions/notes.get", "get  /a": "functions/notes.create"})',
    "rest_integration_of_another_kind": 'RestApi(stack, "api", routes={"GET /a": {"integration": "mock"}})',
    "rest_integration_with_a_timeout": (
        'mock = apigateway.MockIntegration()\nRestApi(stack, "api", routes={"GET /a": {"integration": mock, "timeout": 5}})'
    ),
    "rest_route_without_a_function": (
        'mock = apigateway.MockIntegration()\n'
        'RestApi(stack, "api", routes={"GET /a": {"integration": mock}}).function("GET /a")'
    ),
    "rest_authorizer_unknown": 'RestApi(stack, "api", authorizer="members")',
    "rest_authorizer_of_http_apis": 'RestApi(stack, "api", authorizers={"members": {"type": "jwt"}})',
    "rest_authorizer_without_a_pool": 'RestApi(stack, "api", authorizers={"members": {"type": "user_pools"}})',
    "rest_scopes_without_a_token": (
        'RestApi(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "scopes": ["read"]}})'
    ),
    # GraphQL APIs
    "graphql_without_a_schema": 'AppSyncApi(stack, "graph")',
    "graphql_schema_missing": 'AppSyncApi(stack, "graph", schema="shema.graphql")',  # codespell:ignore shema
    "graphql_schema_missing_without_a_like": 'AppSyncApi(stack, "graph", schema="nowhere/zzz.graphql")',
    "graphql_resolver_of_no_field": 'AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"notes": "functions/notes.get"})',
    "graphql_resolver_twice": (
        'graph = AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"Query notes": "functions/notes.get"})\n'
        'graph.add_resolvers({"Query  notes": "functions/notes.get"})'
    ),
    "graphql_source_unknown": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"words": "functions/notes.get"},\n'
        '    resolvers={"Query notes": "wrods"})'
    ),
    "graphql_source_unknown_without_a_like": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"Query notes": {"source": "table", "code": "a.js"}})'
    ),
    "graphql_source_twice": (
        'graph = AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"words": "functions/notes.get"})\n'
        'graph.add_data_sources({"words": "functions/notes.create"})'
    ),
    "graphql_source_type_misspelt": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"table": {"type": "dynamo"}})'
    ),
    "graphql_source_without_a_table": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"table": {"type": "dynamodb"}})'
    ),
    "graphql_resolver_without_code": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"nothing": {"type": "none"}},\n'
        '    resolvers={"Query notes": "nothing"})'
    ),
    "graphql_code_missing": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"nothing": {"type": "none"}},\n'
        '    resolvers={"Query notes": {"source": "nothing", "code": "resolvers/notes.js"}})'
    ),
    "graphql_function_unknown": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"Query notes": "functions/notes.get"}).function("Query note")'
    ),
    "graphql_authorizers_of_another_kind": 'AppSyncApi(stack, "graph", schema="schema.graphql", authorizers="iam")',
    "graphql_authorizer_misspelt": 'AppSyncApi(stack, "graph", schema="schema.graphql", authorizers=["apikey"])',
    "graphql_key_expires_in_words": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", authorizers=[{"type": "api_key", "expires": "next year"}])'
    ),
    "graphql_domain_without_a_certificate": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", domain={"name": "graph.example.com"})'
    ),
    # WebSocket APIs
    "websocket_route_misspelt": 'WebSocketApi(stack, "chat", routes={"$conect": "functions/notes.get"})',  # codespell:ignore conect
    "websocket_route_without_a_key": 'WebSocketApi(stack, "chat", routes={"": "functions/notes.get"})',
    "websocket_route_twice": (
        'chat = WebSocketApi(stack, "chat", routes={"say": "functions/notes.get"})\n'
        'chat.add_routes({"say": "functions/notes.create"})'
    ),
    "websocket_route_unknown": 'WebSocketApi(stack, "chat", routes={"say": "functions/notes.get"}).function("sya")',
    "websocket_route_unknown_without_a_like": (
        'WebSocketApi(stack, "chat", routes={"say": "functions/notes.get"}).function("other")'
    ),
    "websocket_authorizer_misspelt": 'WebSocketApi(stack, "chat", authorizer="lamda")',  # codespell:ignore lamda
    "websocket_authorizer_of_http_apis": 'WebSocketApi(stack, "chat", authorizer={"type": "jwt"})',
    "websocket_authorizer_without_a_function": 'WebSocketApi(stack, "chat", authorizer={"type": "lambda"})',
    "websocket_authorizer_setting_misspelt": (
        'WebSocketApi(stack, "chat", authorizer={"function": "functions/notes.get", "identity_sources": []})'
    ),
    "websocket_function_beside_settings": (
        'get = Function(stack, "get", handler="functions/notes.get")\n'
        'WebSocketApi(stack, "chat", routes={"say": {"function": get, "timeout": 5}})'
    ),
    # Access logs and domains
    "access_log_of_another_kind": 'WebSocketApi(stack, "chat", access_log=30)',
    "access_log_setting_misspelt": 'WebSocketApi(stack, "chat", access_log={"retention": 30})',
    "access_log_kept_for_an_odd_time": 'Api(stack, "api", access_log={"retention_days": 31})',
    "access_log_without_the_request": 'WebSocketApi(stack, "chat", access_log="$context.status")',
    "domain_without_a_zone": 'WebSocketApi(stack, "chat", domain="chat.example.com")',
    "domain_without_a_name": 'WebSocketApi(stack, "chat", domain={"hosted_zone": "Z0123456789ABC"})',
    "domain_in_capitals": 'WebSocketApi(stack, "chat", domain={"name": "Chat.example.com", "hosted_zone": "Z0123456789ABC"})',
    "domain_setting_misspelt": 'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "zone": "Z0123456789ABC"})',
    "domain_of_another_kind": 'WebSocketApi(stack, "chat", domain=True)',
    "domain_path_with_slashes": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "path": "/v1/", "hosted_zone": "Z0123456789ABC"})'
    ),
    "domain_external_without_a_certificate": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "external": True})'
    ),
    "domain_zone_by_its_name": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "hosted_zone": "example.com"})'
    ),
    "domain_external_in_a_zone": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "external": True, "hosted_zone": "Z0123456789ABC"})'
    ),
    # Tables
    "key_missing": 'Table(stack, "notes")',
    "key_without_a_type": 'Table(stack, "notes", partition_key="userId")',
    "key_type_misspelt": 'Table(stack, "notes", partition_key=("userId", "str"))',
    "key_of_another_kind": 'Table(stack, "notes", partition_key=("userId", "string"), sort_key=("a", "string", "b"))',
    "index_setting_misspelt": (
        'Table(stack, "notes", partition_key=("id", "string"), indexes={"byTag": {"partitionKey": ("tag", "string")}})'
    ),
    "index_without_a_key": 'Table(stack, "notes", partition_key=("id", "string"), indexes={"byTag": {}})',
    "index_projection_misspelt": (
        'Table(stack, "notes", partition_key=("id", "string"),\n'
        '    indexes={"byTag": {"partition_key": ("tag", "string"), "projection": "key_only"}})'
    ),
    # Queues
    "visibility_below_the_timeout": 'Queue(stack, "jobs", consumer="functions/reminders.send", visibility_timeout=5)',
    "visibility_too_long": 'Queue(stack, "jobs", visibility_timeout="1 day")',
    "batch_too_large": 'Queue(stack, "jobs", consumer="functions/reminders.send", batch_size=20000)',
    "batch_too_large_for_fifo": 'Queue(stack, "jobs", consumer="functions/reminders.send", fifo=True, batch_size=11)',
    "batch_without_a_window": 'Queue(stack, "jobs", consumer="functions/reminders.send", batch_size=11)',
    "window_too_long": 'Queue(stack, "jobs", consumer="functions/reminders.send", batch_window="10 minutes")',
    "window_of_a_fifo_queue": 'Queue(stack, "jobs", consumer="functions/reminders.send", fifo=True, batch_window=5)',
    "dead_letters_of_another_kind": 'Queue(stack, "jobs", fifo=True, dead_letter=Queue(stack, "failed"))',
    "queue_with_a_second_consumer": (
        'Queue(stack, "jobs", consumer="functions/notes.get").add_consumer("functions/notes.create")'
    ),
    "queue_with_a_later_consumer_that_is_too_slow": (
        'Queue(stack, "jobs").add_consumer({"handler": "functions/notes.get", "timeout": 60})'
    ),
    "queue_with_a_later_consumer_misspelt": (
        'Queue(stack, "jobs").add_consumer("functions/notes.get", batch_sise=2)'
    ),
    # Secrets and parameters
    "secret_and_parameter_of_one_name": 'Parameter(stack, "key", value=1)\nSecret(stack, "key")',
    "parameter_of_a_strange_type": 'Parameter(stack, "key", value=stack)',
    "parameter_that_is_no_json": 'Parameter(stack, "key", value={"at": object()})',
    "parameter_too_long": 'Parameter(stack, "key", value="x" * 4000)',
    "max_concurrency_too_small": 'Queue(stack, "jobs", consumer="functions/reminders.send", max_concurrency=1)',
    "filters_of_another_kind": 'Queue(stack, "jobs", consumer="functions/reminders.send", filters={"body": ["x"]})',
    # Receivers of events
    "subscribers_in_a_list": 'Topic(stack, "orders", subscribers=["functions/reminders.send"])',
    "subscriber_without_a_fitting_name": 'Topic(stack, "orders", subscribers={"to mail": "functions/reminders.send"})',
    "subscriber_of_another_kind": 'Topic(stack, "orders", subscribers={"mail": 42})',
    "subscriber_that_is_two": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "queue": Queue(stack, "q")}})'
    ),
    "subscriber_with_an_unknown_setting": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "filters": {}}})'
    ),
    "subscriber_with_a_setting_of_the_function": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "timeout": 5}})'
    ),
    "subscriber_queue_that_is_none": 'Topic(stack, "orders", subscribers={"mail": {"queue": "functions/reminders.send"}})',
    # Topics
    "function_at_a_fifo_topic": 'Topic(stack, "orders", fifo=True, subscribers={"mail": "functions/reminders.send"})',
    "fifo_queue_at_a_topic": 'Topic(stack, "orders", subscribers={"copies": Queue(stack, "copies", fifo=True)})',
    "raw_message_to_a_function": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "raw": True}})'
    ),
    "two_filters": (
        'Topic(stack, "orders", subscribers={"mail": {\n'
        '    "function": "functions/reminders.send", "filter": {"a": [1]}, "filter_body": {"a": [1]}}})'
    ),
    "filter_of_another_kind": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "filter": ["a"]}})'
    ),
    "dead_letters_to_no_queue": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "dead_letter": True}})'
    ),
    # Buckets
    "bucket_event_misspelt": (
        'Bucket(stack, "photos", notifications={"new": {"function": "functions/notes.get", "events": ["object_create"]}})'
    ),
    "notifications_that_overlap": (
        'Bucket(stack, "photos", notifications={\n'
        '    "all": {"function": "functions/notes.get", "events": ["object_created"]},\n'
        '    "jpg": {"function": "functions/notes.create", "events": ["object_created_put"], "suffix": ".jpg"}})'
    ),
    "bucket_cors_of_another_kind": 'Bucket(stack, "photos", cors="*")',
    "bucket_cors_setting_misspelt": 'Bucket(stack, "photos", cors={"allow_origins": ["*"]})',
    "bucket_cors_method_unknown": 'Bucket(stack, "photos", cors={"allowed_methods": ["GET", "OPTIONS"]})',
    "bucket_notifies_a_fifo_queue": (
        'Bucket(stack, "photos", notifications={"new": Queue(stack, "jobs", fifo=True)})'
    ),
    # Event buses
    "rule_without_a_pattern": 'EventBus(stack, "bus", rules={"all": {"targets": {}}})',
    "rule_with_an_empty_pattern": 'EventBus(stack, "bus", rules={"all": {"pattern": {}}})',
    "rule_setting_misspelt": 'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "target": {}}})',
    "pattern_field_misspelt": 'EventBus(stack, "bus", rules={"all": {"pattern": {"sources": ["a"]}}})',
    "pattern_field_unknown": 'EventBus(stack, "bus", rules={"all": {"pattern": {"total": [1]}}})',
    "rule_twice": (
        'bus = EventBus(stack, "bus")\nbus.subscribe("a", "functions/notes.get")\nbus.subscribe("a", "functions/notes.get")'
    ),
    "delivery_retries_too_many": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "targets": {\n'
        '    "mail": {"function": "functions/notes.get", "retries": 186}}}})'
    ),
    "delivery_age_too_short": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "targets": {\n'
        '    "mail": {"function": "functions/notes.get", "max_age": 5}}}})'
    ),
    "delivery_dead_letters_to_a_fifo_queue": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "targets": {\n'
        '    "mail": {"function": "functions/notes.get", "dead_letter": Queue(stack, "failed", fifo=True)}}}})'
    ),
    "bus_pattern_with_null_among_conditions": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"detail": {"size": [None, {"numeric": [">", 9]}]}}}})'
    ),
    "bus_archive_of_hours": 'EventBus(stack, "bus", archive="36 hours")',
    "bus_target_is_a_fifo_topic": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"tell": Topic(stack, "orders", fifo=True)}}})'
    ),
    "bus_target_without_partitions": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"keep": {"queue": Queue(stack, "jobs"), "partition_key": "$.id"}}}})'
    ),
    "bus_target_partition_key_without_a_path": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"keep": {"stream": KinesisStream(stack, "clicks"), "partition_key": "customer"}}}})'
    ),
    "bus_target_bus_with_an_input": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"hand-on": {"bus": EventBus(stack, "other"), "input": {"a": 1}}}}})'
    ),
    # Streams
    "stream_position_misspelt": (
        'KinesisStream(stack, "clicks", consumers={"count": {\n'
        '    "function": "functions/notes.get", "starting_position": "TRIM_HORIZON"}})'
    ),
    "stream_retries_too_many": (
        'KinesisStream(stack, "clicks", consumers={"count": {"function": "functions/notes.get", "retries": 10001}})'
    ),
    "stream_age_too_short": (
        'KinesisStream(stack, "clicks", consumers={"count": {"function": "functions/notes.get", "max_age": 5}})'
    ),
    "stream_batch_too_large": (
        'KinesisStream(stack, "clicks", consumers={"count": {"function": "functions/notes.get", "batch_size": 20000}})'
    ),
    "stream_failures_to_a_fifo_queue": (
        'KinesisStream(stack, "clicks", consumers={"count": {\n'
        '    "function": "functions/notes.get", "on_failure": Queue(stack, "failed", fifo=True)}})'
    ),
    "stream_failures_to_a_function": (
        'KinesisStream(stack, "clicks", consumers={"count": {\n'
        '    "function": "functions/notes.get", "on_failure": Function(stack, "f", handler="functions/notes.get")}})'
    ),
    "kinesis_without_shards": 'KinesisStream(stack, "clicks", shards=0)',
    "kinesis_retention_too_short": 'KinesisStream(stack, "clicks", retention="1 hour")',
    # Streams of tables
    "table_stream_misspelt": 'Table(stack, "notes", partition_key=("id", "string"), stream="new_images")',
    "table_consumers_without_a_stream": (
        'Table(stack, "notes", partition_key=("id", "string"), stream=False, consumers={"a": "functions/notes.get"})'
    ),
    "table_consumer_added_without_a_stream": (
        'Table(stack, "notes", partition_key=("id", "string")).add_consumers({"a": "functions/notes.get"})'
    ),
    "table_consumer_at_a_moment": (
        'import datetime\n'
        'Table(stack, "notes", partition_key=("id", "string"), consumers={"a": {\n'
        '    "function": "functions/notes.get", "starting_position": datetime.datetime(2026, 1, 1)}})'
    ),
    "local_index_without_a_sort_key": (
        'Table(stack, "notes", partition_key=("id", "string"), local_indexes={"byTag": {"sort_key": ("tag", "string")}})'
    ),
    "local_index_setting_misspelt": (
        'Table(stack, "notes", partition_key=("id", "string"), sort_key=("at", "number"),\n'
        '    local_indexes={"byTag": {"partition_key": ("tag", "string")}})'
    ),
    # Alarms
    "alarm_without_a_metric": 'Alarm(stack, "errors", threshold=1)',
    "alarm_metric_without_a_name": 'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop"})',
    "alarm_metric_setting_misspelt": (
        'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop", "name": "Errors", "statistics": "Sum"})'
    ),
    "alarm_period_in_words": (
        'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop", "name": "Errors", "period": "often"})'
    ),
    "alarm_unit_unknown": (
        'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop", "name": "Errors", "unit": "miles"})'
    ),
    "alarm_without_a_threshold": 'Alarm(stack, "errors", metric={"namespace": "Shop", "name": "Errors"})',
    "alarm_comparison_unknown": (
        'Alarm(stack, "errors", threshold=1, comparison="==", metric={"namespace": "Shop", "name": "Errors"})'
    ),
    "alarm_datapoints_too_many": (
        'Alarm(stack, "errors", threshold=1, datapoints=2, metric={"namespace": "Shop", "name": "Errors"})'
    ),
    # Crons
    "time_zone_misspelt": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", time_zone="Europe/Berln")'  # codespell:ignore
    ),
    "schedule_retries_too_many": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", retries=186)'
    ),
    "schedule_window_too_long": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", flexible_window="2 days")'
    ),
    "schedule_dead_letters_to_a_fifo_queue": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run",\n'
        '    dead_letter=Queue(stack, "missed", fifo=True))'
    ),
    "no_schedule": 'Cron(stack, "digest", job="functions/digest.run")',
    "schedule_plural": 'Cron(stack, "digest", schedule="rate(1 days)", job="functions/digest.run")',
    "schedule_singular": 'Cron(stack, "digest", schedule="rate(5 minute)", job="functions/digest.run")',
    "schedule_of_unix": 'Cron(stack, "digest", schedule="0 9 * * 1-5", job="functions/digest.run")',
    "schedule_of_five_fields": 'Cron(stack, "digest", schedule="cron(0 9 * * *)", job="functions/digest.run")',
    "schedule_without_a_question_mark": 'Cron(stack, "digest", schedule="cron(0 9 * * * *)", job="functions/digest.run")',
    "schedule_in_words": 'Cron(stack, "digest", schedule="every 5 minutes", job="functions/digest.run")',
    "schedule_of_another_kind": 'Cron(stack, "digest", schedule="daily", job="functions/digest.run")',
    "cron_that_tries_for_seconds": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", max_age="30 seconds")'
    ),
    # Scripts
    "script_without_a_function": 'Script(stack, "seed", params={"count": 3})',
    "script_that_runs_too_long": 'Script(stack, "seed", on_create={"handler": "functions/digest.run", "timeout": 900})',
    # Users
    "prefix_without_a_slash": 'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", prefix="auth/")',
    "redirect_that_is_a_path": 'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", redirects=["/home"])',
    "redirect_with_a_path": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get",'
        ' redirects=["https://app.example.com/home"])'
    ),
    "redirect_to_any_site": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", redirects=["https://*.example.com"])'
    ),
    "redirect_without_tls": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", redirects=["http://app.example.com"])'
    ),
    "session_too_long": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", session="500 days")'
    ),
    "key_version_in_words": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", key_version="two")'
    ),
    "sign_in_to_no_api": 'Auth(stack, "auth", api="api", authenticator="functions/notes.get")',
    "login_misspelt": 'Cognito(stack, "users", login=["mail"])',
    "login_with_a_preferred_name_only": 'Cognito(stack, "users", login=["preferred_username"])',
    "trigger_misspelt": 'Cognito(stack, "users", triggers={"presignup": "functions/notes.get"})',
    "sender_without_a_key": 'Cognito(stack, "users", triggers={"custom_email_sender": "functions/notes.get"})',
    "password_rule_misspelt": 'Cognito(stack, "users", password_policy={"minimum_length": 12})',
    "token_validity_in_words": 'Cognito(stack, "users", clients={"web": {"id_token_validity": "half a day"}})',
    "login_provider_misspelt": 'Cognito(stack, "users", federation={"gogle": {"client_id": "1"}})',
    "login_provider_without_its_id": 'Cognito(stack, "users", federation={"google": {}})',
    "login_provider_with_another_setting": 'Cognito(stack, "users", federation={"google": {"app_id": "1"}})',
    "guests_without_an_identity_pool": 'Cognito(stack, "users", identity_pool=False, guests=True)',
    "permissions_for_no_guests": 'Cognito(stack, "users").grant_guests(["s3:GetObject"])',
    "claims_version_misspelt": 'Cognito(stack, "users", claims_version="V2")',
    "trigger_of_a_user_pool_missing": 'Cognito(stack, "users").function("pre_sign_up")',
    "client_of_a_user_pool_missing": 'Cognito(stack, "users", clients={"web": {}}).client("app")',
    "user_pool_imported_and_configured": (
        'from aws_cdk import aws_apigateway as apigateway, aws_cognito as cognito\n'
        'pool = cognito.UserPool.from_user_pool_id(stack, "raw", "eu-west-1_abc")\n'
        'Cognito(stack, "users", login=["email"], cdk={"user_pool": pool})'
    ),
    "user_pool_bound_to_its_trigger": (
        'f = Function(stack, "f", handler="functions/notes.get")\n'
        'users = Cognito(stack, "users", triggers={"pre_sign_up": f})\n'
        'f.bind([users])\napp.synth()'
    ),
    # Sites
    "job_too_long": 'Job(stack, "encode", handler="functions/digest.run", timeout="2 days")',
    "job_too_short": 'Job(stack, "encode", handler="functions/digest.run", timeout="1 minute")',
    "job_too_large": 'Job(stack, "encode", handler="functions/digest.run", memory="200 GB")',
    "job_too_large_for_arm": 'Job(stack, "encode", handler="functions/digest.run", memory="100 GB", architecture="arm64")',
    "site_of_the_whole_project": 'StaticSite(stack, "web")',
    "site_outside_the_project": 'StaticSite(stack, "web", path="../web")',
    "site_with_a_dev_url_alone": 'StaticSite(stack, "web", path="web", dev_url="http://localhost:5173")',
    "site_rule_of_another_kind": 'StaticSite(stack, "web", path="web", file_rules={"*.pdf": 3600})',
    "site_rule_misspelt": 'StaticSite(stack, "web", path="web", file_rules={"*.pdf": {"cache-control": "no-store"}})',
    "site_domain_without_a_zone": 'StaticSite(stack, "web", path="web", domain="www.example.com")',
    "site_alias_in_capitals": (
        'StaticSite(stack, "web", path="web", domain={\n'
        '    "name": "www.example.com", "aliases": ["Example.com"], "hosted_zone": "Z0123456789ABC"})'
    ),
    # Databases
    "database_engine_misspelt": 'Database(stack, "main", engine="postgresql")',
    "database_scaling_misspelt": 'Database(stack, "main", scaling={"maximum": 4})',
    "database_capacity_between": 'Database(stack, "main", scaling={"max": 1.3})',
    "database_capacity_the_wrong_way_round": 'Database(stack, "main", scaling={"min": 4, "max": 2})',
    "database_that_pauses_too_soon": 'Database(stack, "main", scaling={"pause_after": "1 minute"})',
    "database_that_cannot_pause": 'Database(stack, "main", scaling={"min": 1, "pause_after": "10 minutes"})',
    "database_migrations_missing": 'Database(stack, "main", migrations="migrations")',
    "database_without_a_secret": (
        'from aws_cdk import aws_rds as rds, SecretValue\n'
        'credentials = rds.Credentials.from_password("admin", SecretValue.unsafe_plain_text("x"))\n'
        'Database(stack, "main", cdk={"cluster": {"credentials": credentials}})'
    ),
    "database_imported_without_its_secret": (
        'cluster = aws_cdk.aws_rds.DatabaseCluster.from_database_cluster_attributes(stack, "raw", cluster_identifier="shop")\n'
        'Database(stack, "main", cdk={"cluster": cluster})'
    ),
    "database_imported_with_scaling": (
        'cluster = aws_cdk.aws_rds.DatabaseCluster.from_database_cluster_attributes(stack, "raw", cluster_identifier="shop")\n'
        'Database(stack, "main", scaling={"min": 1}, cdk={"cluster": cluster})'
    ),
    # Apps and stacks
    "stack_not_built": "def storage(stack): ...\napp.use(storage)",
    "stack_used_before": (
        "def storage(stack): ...\n@app.stack\ndef web(stack):\n    app.use(storage)\napp.stack(storage)"
    ),
    "stack_cycle": "def storage(stack):\n    stack.use(storage)\napp.stack(storage)",
    "stack_cycle_of_two": (
        "def storage(stack):\n    app.stack(web)\ndef web(stack):\n    app.use(storage)\napp.stack(storage, id='data')"
    ),
    "stack_built_twice": "@app.stack\ndef storage(stack): ...\napp.stack(storage)",
    "stack_of_another_kind": 'app.stack("storage")',
    "stack_id_taken": '@app.stack(id="backend")\ndef storage(stack): ...',
    "stack_too_large": (
        'Table(stack, "notes", partition_key=("id", "string"))\n'
        'for number in range(500):\n    aws_cdk.CfnResource(stack, f"raw{number}", type="AWS::SQS::Queue")\napp.synth()'
    ),
    "output_with_an_underscore": 'stack.outputs(api_url="x")',
    "output_twice": 'stack.outputs(Url="x")\nstack.outputs(Url="y")',
}  # fmt: skip


def text_of(error: SundogError, root: str) -> str:
    fields = [f"{error.what}  [{error.code}]", f"where: {error.where}", f"why:   {error.why}"]
    return "\n".join([*fields, *(f"fix:   {fix}" for fix in error.fixes)]).replace(root, "<project>")


@pytest.mark.parametrize("case", CASES)
def test_message(project, snapshot, case):
    project.write("functions/asynchronous.py", "async def run(event, context): ...\n")
    project.write("tests/helper.py", "def run(event, context): ...\n")
    with pytest.raises(SundogError) as caught:
        project.run(f"{HEADER}{CASES[case]}\n")
    text = text_of(caught.value, str(project.root))

    assert text == snapshot
    assert "Token[" not in text
    assert isinstance(caught.value.where, object)
    assert caught.value.fixes


def test_syntax_errors_in_handlers_are_found_before_a_deploy(project, monkeypatch, snapshot):
    monkeypatch.setenv("SUNDOG_MODE", "deploy")
    project.write("functions/broken.py", "import os\n\ndef run(event, context:\n    pass\n")
    with pytest.raises(SundogError) as caught:
        project.run(f'{HEADER}Function(stack, "f", handler="functions/broken.run")\n')

    assert text_of(caught.value, str(project.root)) == snapshot


def test_syntax_errors_in_handlers_do_not_stop_dev(project):
    project.write("functions/broken.py", "def run(event, context:\n")
    names = project.run(f'{HEADER}f = Function(stack, "f", handler="functions/broken.run")\n')

    assert names["f"].function_entry().function == "run"


def test_an_unknown_mode(project, monkeypatch, snapshot):
    monkeypatch.setenv("SUNDOG_MODE", "prod")
    with pytest.raises(SundogError) as caught:
        project.run("from sundog import App\napp = App()\n")

    assert text_of(caught.value, str(project.root)) == snapshot


def test_context_that_is_not_json(project, snapshot):
    project.write("cdk.json", '{"app": ')
    with pytest.raises(SundogError) as caught:
        project.run("from sundog import App\napp = App()\n")

    assert text_of(caught.value, str(project.root)) == snapshot


def test_every_error_has_a_code_of_its_own_and_explains_itself():
    errors = {
        value
        for info in pkgutil.walk_packages(sundog.constructs.__path__, "sundog.constructs.")
        if "synth_worker" not in info.name
        for value in vars(import_module(info.name)).values()
        if inspect.isclass(value)
        and issubclass(value, SundogError)
        and value.__module__.startswith("sundog.constructs")
    }
    codes = [error.code for error in errors]

    assert len(set(codes)) == len(codes)
    assert [error for error in errors if not re.fullmatch(r"SD-[A-Z]+-\d{3}", error.code)] == []
    assert [error for error in errors if not (error.__doc__ or "").strip()] == []


def test_every_error_has_a_case(request):
    """Codes that no message in the snapshot shows are codes that nobody reviewed."""
    snapshot_file = request.path.parent / "__snapshots__" / f"{request.path.stem}.ambr"
    seen = set(re.findall(r"\[(SD-[A-Z]+-\d{3})\]", snapshot_file.read_text()))
    codes = {
        value.code
        for info in pkgutil.walk_packages(sundog.constructs.__path__, "sundog.constructs.")
        if "synth_worker" not in info.name
        for value in vars(import_module(info.name)).values()
        if inspect.isclass(value)
        and issubclass(value, SundogError)
        and value.__module__.startswith("sundog.constructs")
    }

    assert codes - seen == set()
