"""A value that only CloudFormation knows goes wherever a value does: into every argument that is not decided at synth."""

from __future__ import annotations

import inspect
import json

import pytest

import sundog

pytestmark = pytest.mark.xdist_group("cdk-contract")

HELPERS = """
def parameter(name, kind="String"):
    return aws_cdk.CfnParameter(stack, f"Given{name}", type=kind, default="1")

def text(name):
    return parameter(name).value_as_string

def texts(name):
    return parameter(name, "CommaDelimitedList").value_as_list

def number(name):
    return parameter(name, "Number").value_as_number

def seconds(name):
    return aws_cdk.Duration.seconds(number(name))

def mebibytes(name):
    return aws_cdk.Size.mebibytes(number(name))

def certificate(name):
    return aws_cdk.aws_certificatemanager.Certificate.from_certificate_arn(stack, "certificate", text(name))
"""
GIVEN = {
    "Function": {
        "handler": '"functions/badge.handler"',
        "timeout": 'seconds("Timeout")',
        "memory": 'mebibytes("Memory")',
        "disk": 'mebibytes("Disk")',
        "environment": '{"LEVEL": text("Variable")}',
        "permissions": '[aws_cdk.aws_iam.PolicyStatement(actions=["s3:GetObject"], resources=[text("Resource")])]',
        "url": '{"cors": {"allow_origins": [text("Origin")], "max_age": seconds("Age")}}',
        "layers": '[text("Layer")]',
        "reserved_concurrency": 'number("Reserved")',
        "provisioned_concurrency": 'number("Provisioned")',
        "description": 'text("Description")',
        "log_retention_days": 'number("Retention")',
    },
    "Api": {
        "routes": (
            '{"GET /a": {"url": text("Url"), "throttle": {"rate": number("RouteRate")}},'
            ' "GET /b": {"handler": "functions/notes.get", "authorizer": "keys"}}'
        ),
        "authorizers": (
            '{"tokens": {"type": "jwt", "issuer": text("Issuer"), "audience": texts("Audience")},'
            ' "keys": {"type": "lambda", "function": "functions/notes.get", "cache": seconds("Cache")}}'
        ),
        "authorizer": '"tokens"',
        "scopes": '[text("Scope")]',
        "cors": '{"allow_origins": texts("Origins"), "allow_headers": [text("Header")], "max_age": seconds("Age")}',
        "access_log": (
            '{"format": "$context.requestId " + text("Format"), "retention_days": number("Retention")}'
        ),
        "throttle": '{"rate": number("Rate"), "burst": number("Burst")}',
        "domain": '{"name": text("Name"), "external": True, "certificate": certificate("Certificate")}',
    },
    "RestApi": {
        "routes": '{"GET /a": {"handler": "functions/notes.get", "throttle": {"burst": number("RouteBurst")}}}',
        "authorizers": (
            '{"members": {"type": "user_pools", "cache": seconds("Cache"),'
            ' "user_pools": [aws_cdk.aws_cognito.UserPool.from_user_pool_id(stack, "pool", text("Pool"))]}}'
        ),
        "authorizer": '"members"',
        "scopes": '[text("Scope")]',
        "cors": '{"allow_origins": [text("Origin")], "max_age": seconds("Age")}',
        "access_log": '{"format": "$context.requestId " + text("Format"), "destination_arn": text("Destination")}',
        "throttle": '{"rate": number("Rate"), "burst": number("Burst")}',
        "domain": '{"name": text("Name"), "external": True, "certificate": certificate("Certificate")}',
    },
    "WebSocketApi": {
        "route_selection": 'text("Selection")',
        "authorizer": (
            '{"type": "lambda", "function": "functions/notes.get", "identity_source": [text("Identity")]}'
        ),
        "routes": '{"$connect": "functions/notes.get"}',
        "access_log": '{"format": "$context.requestId " + text("Format"), "destination_arn": text("Destination")}',
        "throttle": '{"rate": number("Rate"), "burst": number("Burst")}',
        "domain": '{"name": text("Name"), "external": True, "certificate": certificate("Certificate")}',
    },
    "StaticSite": {
        "path": '"web"',
        "environment": '{"API": text("Variable")}',
        "domain": '{"name": text("Name"), "external": True, "certificate": certificate("Certificate")}',
    },
    "Script": {
        "on_create": '"functions/notes.get"',
        "params": '{"name": text("Param"), "count": number("Count")}',
        "version": 'text("Version")',
        "function_defaults": '{"environment": {"LEVEL": text("Variable")}, "timeout": 60}',
    },
    "Job": {
        "handler": '"functions/notes.get"',
        "environment": '{"LEVEL": text("Variable")}',
        "log_retention_days": 'number("Retention")',
        "permissions": '[aws_cdk.aws_iam.PolicyStatement(actions=["s3:GetObject"], resources=[text("Resource")])]',
    },
}
DECIDED_AT_SYNTH = {
    "what is made, and how": {
        "architecture", "auth", "bind", "build", "build_command", "build_output", "cdk", "dead_letter", "dev_command",
        "dev_url", "error_page", "file_rules", "file_system", "function_defaults", "index_page", "log_format", "log_level",
        "on_delete", "on_failure", "on_success", "on_update", "payload_format", "purge", "resources", "runtime",
        "security_groups", "snap_start", "system_log_level", "tracing", "types", "vpc", "vpc_subnets",
        "wait_for_invalidation",
    },
    "the CDK compares it with limits": {"max_event_age", "retries"},
    "a schedule of so many calls": {"warm"},
    "the CDK makes a part of an id of it": {"stage_name"},
    "which machine of CodeBuild": {"memory", "timeout"},
}  # fmt: skip
"""Arguments that cannot be left to CloudFormation, and why."""


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_a_token_in_every_argument_reaches_the_template(backend, name):
    arguments = ", ".join(f"{key}={value}" for key, value in GIVEN[name].items())
    template = backend(f'{HELPERS}\n{name}(stack, "subject", {arguments})').template("backend")
    made = json.dumps([template["Resources"], template.get("Outputs")])

    names = [parameter for parameter in template["Parameters"] if parameter.startswith("Given")]
    assert [parameter for parameter in names if f'"{parameter}"' not in made] == []
    assert len(names) > 1


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_every_argument_takes_a_token_or_is_decided_at_synth(name):
    arguments = set(list(inspect.signature(getattr(sundog, name).__init__).parameters)[3:])
    decided = set().union(*DECIDED_AT_SYNTH.values())

    assert arguments - set(GIVEN[name]) - decided == set()
