"""The emulator, and cloud assemblies as the CDK writes them, from plain templates.

Set SUNDOG_TEST_ENDPOINT to run these tests against another AWS-compatible endpoint.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from sundog.aws.embedded.cloud import EmbeddedCloud
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.engine import DeployResult, deploy, remove
from sundog.errors import SundogError
from sundog.model.events import Notice, StackFinished
from sundog.model.manifest import (
    ConstructEntry,
    FunctionEntry,
    Manifest,
    ResourceEntry,
    SourcePlace,
    StackEntry,
    write_manifest,
)
from sundog.model.project import LocalSettings, Project, Settings, Stage

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


class Assembly:
    """An assembly under construction; every stack and resource is `declared` on a line of app.py."""

    def __init__(self, folder: Path, app: str) -> None:
        self.folder = folder
        self.app = app
        self.artifacts: dict[str, Any] = {}
        self.stacks: list[StackEntry] = []
        self.constructs: list[ConstructEntry] = []
        self.functions: list[FunctionEntry] = []
        self.resources: list[ResourceEntry] = []
        folder.mkdir(parents=True, exist_ok=True)

    def name(self, stack: str) -> str:
        return f"local-{self.app}-{stack}"

    def stack(
        self,
        stack: str,
        resources: dict[str, Any],
        *,
        outputs: dict[str, Any] | None = None,
        depends_on: tuple[str, ...] = (),
        assets: dict[str, Path] | None = None,
        tags: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
        place: int = 1,
    ) -> None:
        template = {
            "Resources": resources,
            "Outputs": outputs or {},
            "Parameters": {
                "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": BOOTSTRAP},
                **(parameters or {}),
            },
        }
        body = json.dumps(template, indent=1)
        (self.folder / f"{stack}.template.json").write_text(body)
        files = {
            asset_id: self._file(
                f"{stack}/{asset_id}", source, f"{asset_id}.zip" if source.is_dir() else asset_id
            )
            for asset_id, source in (assets or {}).items()
        }
        digest = hashlib.sha256(body.encode()).hexdigest()
        files[digest] = self._file(stack, self.folder / f"{stack}.template.json", f"{digest}.json")
        (self.folder / f"{stack}.assets.json").write_text(json.dumps({"files": files, "dockerImages": {}}))
        self.artifacts[f"{stack}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{stack}.assets.json"},
        }
        self.artifacts[stack] = {
            "type": "aws:cloudformation:stack",
            "properties": {
                "templateFile": f"{stack}.template.json",
                "tags": tags or {},
                "stackName": self.name(stack),
                "requiresBootstrapStackVersion": 6,
                "bootstrapStackVersionSsmParameter": BOOTSTRAP,
            },
            "dependencies": [*depends_on, f"{stack}.assets"],
        }
        self.stacks = [entry for entry in self.stacks if entry.id != stack]
        self.stacks.append(
            StackEntry(
                id=stack,
                name=self.name(stack),
                artifact_id=stack,
                template_file=f"{stack}.template.json",
                depends_on=[self.name(name) for name in depends_on],
                place=SourcePlace(file="app.py", line=place),
            )
        )
        self.constructs = [entry for entry in self.constructs if entry.stack != self.name(stack)]
        self.constructs += [
            ConstructEntry(
                stack=self.name(stack),
                logical_id=logical_id,
                path=f"{stack}/{logical_id.lower()}",
                cloudformation_type=resource["Type"],
                place=SourcePlace(file="app.py", line=place + number),
            )
            for number, (logical_id, resource) in enumerate(resources.items(), 1)
        ]

    def function(self, stack: str, logical_id: str, **fields: Any) -> None:
        defaults = {
            "id": f"{stack}/{logical_id.lower()}",
            "name": logical_id.lower(),
            "stack": self.name(stack),
            "logical_id": logical_id,
            "handler": "handlers/notes.main",
            "runtime": "python3.12",
            "language": "python",
            "source": ".",
            "file": "handlers/notes.py",
            "function": "main",
            "timeout_seconds": 3,
            "memory_mb": 128,
        }
        self.functions.append(FunctionEntry(**(defaults | fields)))

    def write(self) -> Manifest:
        (self.folder / "manifest.json").write_text(
            json.dumps({"version": "55.0.0", "artifacts": self.artifacts})
        )
        manifest = Manifest(
            app=self.app,
            stage="local",
            stacks=self.stacks,
            constructs=self.constructs,
            functions=self.functions,
            resources=self.resources,
        )
        write_manifest(self.folder, manifest)
        return manifest

    def _file(self, name: str, source: Path, key: str) -> dict[str, Any]:
        return {
            "displayName": name,
            "source": {
                "path": source.relative_to(self.folder).as_posix(),
                "packaging": "zip" if source.is_dir() else "file",
            },
            "destinations": {"current_account-current_region": {"bucketName": BUCKET, "objectKey": key}},
        }


class Resources:
    """Small CloudFormation resources."""

    @staticmethod
    def table(**properties: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                **properties,
            },
        }

    @staticmethod
    def queue(**properties: Any) -> dict[str, Any]:
        return {"Type": "AWS::SQS::Queue", "Properties": properties}

    @staticmethod
    def bus(name: str) -> dict[str, Any]:
        return {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}}

    @staticmethod
    def role() -> dict[str, Any]:
        return {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                        }
                    ],
                }
            },
        }

    @staticmethod
    def function(key: str, **variables: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": key},
                "Handler": "handlers/notes.main",
                "Runtime": "python3.12",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Environment": {"Variables": variables},
            },
        }


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    with start_blocking_portal() as portal:
        cloud = EmbeddedCloud(tmp_path_factory.mktemp("cloud"), region="us-east-1")
        portal.call(cloud.start)
        yield cloud
        portal.call(cloud.stop)


@pytest.fixture(scope="session")
def endpoint_url(request):
    return os.environ.get("SUNDOG_TEST_ENDPOINT") or request.getfixturevalue("cloud").endpoint_url


@pytest.fixture(scope="session")
def stage():
    return Stage(name="local", region="us-east-1")


@pytest.fixture(scope="session")
def connection(stage, endpoint_url):
    return AwsConnection(stage, endpoint_url=endpoint_url)


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "app.py").write_text("".join(f"line_{number}()\n" for number in range(1, 60)))
    return Project(root=root, settings=Settings(name="app", local=LocalSettings()))


@pytest.fixture
def resources():
    return Resources


@pytest.fixture
def assembly(tmp_path):
    """An app of its own in every test: tests share the emulator."""
    return Assembly(tmp_path / "cdk.out", f"a{uuid.uuid4().hex[:8]}")


class App:
    """The assembly, deployed as the user's app would be."""

    def __init__(self, project: Project, stage: Stage, assembly: Assembly, connection: AwsConnection) -> None:
        self.project = project
        self.stage = stage
        self.assembly = assembly
        self.connection = connection
        self.events: list[Any] = []

    def deploy(self, **options: Any) -> DeployResult:
        self.events.clear()

        async def run() -> DeployResult:
            return await deploy(
                self.project,
                self.stage,
                self.assembly.folder,
                self.assembly.write(),
                self.connection,
                observer=self.events.append,
                **options,
            )

        return anyio.run(run)

    def remove(self, **options: Any) -> list[str]:
        self.events.clear()

        async def run() -> list[str]:
            return await remove(
                self.project,
                self.stage,
                self.assembly.write(),
                self.connection,
                observer=self.events.append,
                **options,
            )

        return anyio.run(run)

    def failure(self, **options: Any) -> SundogError:
        with pytest.raises(SundogError) as raised:
            self.deploy(**options)
        return raised.value

    def finished(self) -> dict[str, str]:
        """How each stack ended, by id."""
        return {
            event.stack.rpartition("-")[2]: event.status
            for event in self.events
            if isinstance(event, StackFinished)
        }

    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]


@pytest.fixture
def app(project, stage, assembly, connection):
    return App(project, stage, assembly, connection)
