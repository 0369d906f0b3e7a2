"""Databases: the cluster, where it stands, and what may use it."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_it_is_serverless_pauses_and_answers_over_https(backend):
    assembly = backend('Database(stack, "main")')
    cluster = only(assembly.resources("backend", "AWS::RDS::DBCluster"))

    assert cluster["Engine"] == "aurora-postgresql"
    assert cluster["EnableHttpEndpoint"] is True
    assert cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"] == 0
    assert cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 4
    assert cluster["StorageEncrypted"] is True
    assert only(assembly.resources("backend", "AWS::RDS::DBInstance"))["DBInstanceClass"] == "db.serverless"


def test_its_network_reaches_nothing_and_costs_nothing(backend):
    template = backend('Database(stack, "main")').template("backend")
    kinds = {resource["Type"] for resource in template["Resources"].values()}

    assert not {"AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "Custom::VpcRestrictDefaultSG"} & kinds


def test_scaling_and_the_pause_are_the_users(backend):
    assembly = backend('Database(stack, "main", scaling={"min": 0, "max": 16, "pause_after": "1 hour"})')
    scaling = only(assembly.resources("backend", "AWS::RDS::DBCluster"))["ServerlessV2ScalingConfiguration"]

    assert scaling == {"MinCapacity": 0, "MaxCapacity": 16, "SecondsUntilAutoPause": 3600}


def test_mysql(backend):
    assembly = backend('Database(stack, "main", engine="mysql")')

    assert only(assembly.resources("backend", "AWS::RDS::DBCluster"))["Engine"] == "aurora-mysql"


def test_a_bound_function_may_use_the_data_api_of_this_cluster_and_read_its_secret(backend):
    assembly = backend(
        'database = Database(stack, "main")\nFunction(stack, "f", handler="functions/notes.get", bind=[database])'
    )
    statements = only(assembly.resources("backend", "AWS::IAM::Policy"))["PolicyDocument"]["Statement"]
    actions = {
        action
        for one in statements
        for action in (one["Action"] if isinstance(one["Action"], list) else [one["Action"]])
    }

    assert {action for action in actions if action.startswith("rds-data:")} == {
        "rds-data:BatchExecuteStatement",
        "rds-data:BeginTransaction",
        "rds-data:CommitTransaction",
        "rds-data:ExecuteStatement",
        "rds-data:RollbackTransaction",
    }
    assert "secretsmanager:GetSecretValue" in actions
    assert "VpcConfig" not in only(assembly.resources("backend", "AWS::Lambda::Function"))


def test_the_engine_is_told_where_it_is(project, backend):
    project.write("migrations/0001_users.sql", "create table users (id int);")
    assembly = backend('Database(stack, "main", migrations="migrations")')
    entry = only(assembly.manifest.databases)
    output = json.dumps(assembly.template("backend")["Outputs"][entry.output])

    assert (entry.stack, entry.migrations) == ("local-notes-backend", "migrations")
    assert all(name in output for name in ("cluster", "secret", "database"))


def test_an_existing_cluster_is_used_with_its_secret(backend):
    assembly = backend(
        """
from aws_cdk import aws_rds as rds, aws_secretsmanager as secretsmanager
cluster = rds.DatabaseCluster.from_database_cluster_attributes(stack, "raw", cluster_identifier="shop")
secret = secretsmanager.Secret.from_secret_name_v2(stack, "credentials", "shop-credentials")
database = Database(stack, "main", database_name="shop", cdk={"cluster": cluster, "secret": secret})
Function(stack, "f", handler="functions/notes.get", bind=[database])
"""
    )
    variables = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]

    assert ":cluster:shop" in json.dumps(variables["SUNDOG_RESOURCE_MAIN"])
    assert assembly.resources("backend", "AWS::RDS::DBCluster") == []
    assert assembly.resources("backend", "AWS::EC2::VPC") == []
    assert only(assembly.manifest.databases).name == "main"
