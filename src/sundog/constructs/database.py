"""A serverless SQL database with a Data API, and its migrations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_iam as iam
import aws_cdk.aws_rds as rds
import aws_cdk.aws_secretsmanager as secretsmanager
from constructs import Construct

from sundog.constructs._binding import Binding
from sundog.constructs._registry import listed
from sundog.constructs._resource import ResourceConstruct, ResourceValue
from sundog.constructs._settings import refuse_unknown_settings
from sundog.constructs._uploads import project_folder
from sundog.constructs._values import is_token, seconds
from sundog.errors import ConstructError, suggestion
from sundog.model.database import output_key
from sundog.model.manifest import DatabaseEntry

ENGINES = ("postgres", "mysql")
LARGEST_CAPACITY = 256
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 300, 86_400
_SCALING = ("min", "max", "pause_after")
_DATA_API_ACTIONS = [
    "rds-data:BatchExecuteStatement",
    "rds-data:BeginTransaction",
    "rds-data:CommitTransaction",
    "rds-data:ExecuteStatement",
    "rds-data:RollbackTransaction",
]


class InvalidDatabase(ConstructError):
    """A database's engine, scaling or migrations are not ones that Aurora or sundog can use.

    Capacities are multiples of 0.5 from 0 to 256 ACUs, and a minimum of 0 pauses the database when nobody uses it:
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
    """

    code = "SD-DATABASE-001"


class Database(ResourceConstruct[rds.IDatabaseCluster]):
    """A serverless SQL database: Aurora Serverless v2, used through its Data API.

    Functions need no connection and no VPC: they send statements over HTTPS. The database is in a VPC of its own, in subnets
    that reach nothing and that nothing reaches. By default it pauses after five minutes without use and costs its storage only.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the databases of the app.
        engine: `postgres` or `mysql`; the embedded cloud has `postgres`.
        database_name: The database that is made with the cluster.
        migrations: A folder of `.sql` files, run in the order of their names when a deploy finds new ones.
        scaling: `{"min": 0, "max": 4, "pause_after": "5 minutes"}`, in ACUs of 2 GB; a `min` above 0 never pauses.
        vpc: Where the cluster stands, instead of a VPC of its own.
        cdk: `{"cluster": {…}}` and `{"vpc": {…}}` lay properties over the CDK's; `{"cluster": existing, "secret": secret}`
            uses a cluster as it is, with the secret that has its credentials.

    Example:
        >>> database = Database(stack, "main", migrations="migrations")
        >>> Function(stack, "users", handler="functions/users.list_users", bind=[database])
    """

    kind = "Database"
    cdk_keys = ("cluster", "vpc", "secret")
    resource_key, resource_child = "cluster", "Cluster"
    cluster_arn = ResourceValue("ARN of the cluster, known to CloudFormation.")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        engine: str = "postgres",
        database_name: str = "main",
        migrations: str | None = None,
        scaling: Mapping[str, Any] | None = None,
        vpc: ec2.IVpc | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        if engine not in ENGINES:
            close = suggestion(str(engine), ENGINES) or ENGINES[0]
            raise self.error(
                InvalidDatabase,
                f"Database `{id}`: `engine` is `{engine}`",
                why=f"the engines are {listed(ENGINES)}",
                fix=f'write `engine="{close}"`',
            )
        self.engine = engine
        self.database_name = database_name
        self.migrations = self._migrations(migrations)
        self.cdk.vpc = None
        self.take_or_make({"scaling": scaling, "vpc": vpc}, lambda: self._create(self._scaling(scaling), vpc))
        self.cdk.secret = self._secret()
        self._output = self._make_output()
        self.registry.constructs.append(self)

    def _new_vpc(self) -> ec2.Vpc:
        own: dict[str, Any] = {
            "max_azs": 2,
            "nat_gateways": 0,
            "subnet_configuration": [
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
            ],
            # The rules of the default group are removed by a custom resource; nothing here uses that group.
            "restrict_default_security_group": False,
        }
        return ec2.Vpc(self, "Vpc", **{**own, **self.cdk_props("vpc")})

    def _secret(self) -> secretsmanager.ISecret:
        given: secretsmanager.ISecret | None = self.cdk_import("secret", {})
        # A cluster that was made elsewhere does not tell where its credentials are, unless it was made by the CDK.
        secret = given or getattr(self.resource, "secret", None)
        if secret is None:
            raise self.error(
                InvalidDatabase,
                f"Database `{self.id}` has no secret",
                why="the Data API takes the credentials from one, and `cdk` replaces it",
                fix="use `rds.Credentials.from_secret(…)` or `from_generated_secret(…)` as `credentials`"
                if self.is_ours
                else 'name the one with its credentials: `cdk={"cluster": existing, "secret": secret}`',
            )
        return secret

    def _create(self, scaling: Mapping[str, Any], vpc: ec2.IVpc | None) -> rds.DatabaseCluster:
        self.cdk.vpc = vpc or self._new_vpc()
        engine = (
            rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_9)
            if self.engine == "postgres"
            else rds.DatabaseClusterEngine.aurora_mysql(version=rds.AuroraMysqlEngineVersion.VER_3_11_0)
        )
        own: dict[str, Any] = {
            "engine": engine,
            "writer": rds.ClusterInstance.serverless_v2("writer"),
            "vpc": self.cdk.vpc,
            "vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            "default_database_name": self.database_name,
            "enable_data_api": True,
            "storage_encrypted": True,
            "iam_authentication": True,
            "removal_policy": self.registry.removal_policy,
            **scaling,
        }
        return rds.DatabaseCluster(self, "Cluster", **{**own, **self.cdk_props("cluster")})

    def _scaling(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        given = given or {}
        refuse_unknown_settings(self, InvalidDatabase, "`scaling`", given, _SCALING)
        least, most = given.get("min", 0), given.get("max", 4)
        for name, value in (("min", least), ("max", most)):
            if is_token(value):
                continue
            if not isinstance(value, (int, float)) or not 0 <= value <= LARGEST_CAPACITY or value * 2 % 1:
                raise self.error(
                    InvalidDatabase,
                    f"Database `{self.id}`: `{name}` of `scaling` is `{value}`",
                    why=f"capacities are multiples of 0.5 from 0 to {LARGEST_CAPACITY} ACUs",
                    fix='write `scaling={"min": 0, "max": 4}`',
                )
        if not is_token(least) and not is_token(most) and (most < least or most < 1):
            raise self.error(
                InvalidDatabase,
                f"Database `{self.id}`: `scaling` is from {least} to {most} ACUs",
                why="the maximum is at least 1, and not below the minimum",
                fix=f'set `"max": {max(1, least)}` or more',
            )
        props = {"serverless_v2_min_capacity": least, "serverless_v2_max_capacity": most}
        pause = self._pause(given.get("pause_after"), least)
        return props if pause is None else {**props, "serverless_v2_auto_pause_duration": pause}

    def _pause(self, given: Any, least: float) -> aws_cdk.Duration | None:
        if given is None:
            return None
        duration = seconds(given)
        if duration is None or not SHORTEST_PAUSE_SECONDS <= duration <= LONGEST_PAUSE_SECONDS or least != 0:
            raise self.error(
                InvalidDatabase,
                f"Database `{self.id}`: `pause_after` of `scaling` is `{given}`"
                + (f", and `min` is {least}" if least != 0 else ""),
                why="a database with the minimum 0 pauses after 5 minutes to 24 hours; others never do",
                fix='write `scaling={"min": 0, "pause_after": "5 minutes"}`',
            )
        return aws_cdk.Duration.seconds(duration)

    def _migrations(self, given: str | None) -> str | None:
        if given is None:
            return None
        folder = project_folder(self, "migrations", given)
        if not Path(self.registry.project.root, folder).is_dir():
            raise self.error(
                InvalidDatabase,
                f"Database `{self.id}`: there is no folder `{folder}`",
                why="`migrations` is a folder of `.sql` files",
                fix=f"create it with a first file, such as `{folder}/0001_create_users.sql`",
            )
        return folder

    def _make_output(self) -> str:
        key = output_key(self.path)
        values = {"cluster": self.cluster_arn, "secret": self.secret_arn, "database": self.database_name}
        output = aws_cdk.CfnOutput(self.stack, key, value=self.stack.to_json_string(values))
        output.override_logical_id(key)
        return key

    @property
    def secret_arn(self) -> str:
        """ARN of the secret with the credentials, known to CloudFormation."""
        return str(self.cdk.secret.secret_full_arn or self.cdk.secret.secret_arn)

    @property
    def grants(self) -> rds.IDatabaseCluster:
        """The CDK's cluster, whose `grant_…` methods `permissions` can name."""
        cluster: rds.IDatabaseCluster = self.cdk.cluster
        return cluster

    def binding(self) -> Binding:
        """Return what the Data API wants to know, and the permission to use it."""
        return Binding(
            kind=self.kind,
            name=self.id,
            values={
                "cluster_arn": self.cluster_arn,
                "secret_arn": self.secret_arn,
                "database_name": self.database_name,
            },
            grant=self._grant,
        )

    def _grant(self, grantee: iam.IGrantable) -> None:
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=_DATA_API_ACTIONS, resources=[self.cluster_arn])
        )
        self.cdk.secret.grant_read(grantee)

    def databases(self) -> list[DatabaseEntry]:
        """Return what the deploy engine is told; the stack is filled in afterwards."""
        entry = DatabaseEntry(
            id=self.path,
            name=self.id,
            stack=self.path.partition("/")[0],
            engine=self.engine,
            output=self._output,
            migrations=self.migrations,
            place=self.place,
        )
        return [entry]

    def attributes(self) -> dict[str, Any]:
        """Return the engine and where the migrations are."""
        return {
            "engine": self.engine,
            "database_name": self.database_name,
            "migrations": self.migrations,
        }
