"""Reading a cloud assembly: the stacks of the manifest, their templates, and the assets that they refer to.

Nothing here calls a cloud. What the CDK left open (`${AWS::AccountId}` in the name of the asset bucket) is filled in with
the place that the assembly is deployed to.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec

from sundog.errors import DeployError, UnsupportedError
from sundog.model.manifest import Manifest, StackEntry


class AssemblyBroken(DeployError):
    """The cloud assembly lacks a file or has one that cannot be read.

    Synth writes it whole; it breaks when files in it are edited or removed by hand.
    """

    code = "SD-DEPLOY-001"


class ImageAssetUnsupported(UnsupportedError):
    """A stack needs a container image, which takes Docker to build; sundog builds functions without."""

    code = "SD-UNSUPPORTED-020"


class ContextMissing(DeployError):
    """The app looks something up in an account, and the answer is not in `cdk.context.json`.

    `Vpc.from_lookup`, `HostedZone.from_lookup`, `StringParameter.value_from_lookup` and the like give the CDK's placeholders until
    they were answered once. sundog deploys none of these. The CDK's own command asks the account and writes
    `cdk.context.json`, which is committed, so that every synth gives the same: https://docs.aws.amazon.com/cdk/v2/guide/context.html
    Or name what exists by its id, which no synth has to ask for: `HostedZone.from_hosted_zone_attributes(…)`.
    """

    code = "SD-DEPLOY-017"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an assembly is deployed to."""

    account: str
    region: str
    partition: str

    def fill(self, text: str) -> str:
        """Put account, region and partition into a text of the CDK's."""
        return (
            text.replace("${AWS::AccountId}", self.account)
            .replace("${AWS::Region}", self.region)
            .replace("${AWS::Partition}", self.partition)
        )


class FileAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that must be in a bucket before the stack is deployed."""

    asset_id: str
    name: str
    """As the CDK shows it: `backend/api/Code`."""
    source: Path
    zipped: bool
    """Whether the folder is to be sent as a zip file."""
    bucket: str
    key: str
    role_arn: str | None
    """Role of the bootstrap that may write there."""
    region: str


class StackTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A stack as synth left it."""

    entry: StackEntry
    body: bytes
    content: dict[str, Any]
    tags: dict[str, str]
    parameters: dict[str, str]
    termination_protected: bool
    assets: tuple[FileAsset, ...]
    """Without the template itself."""
    template_asset: FileAsset | None
    """The template, for stacks that must be sent by way of S3."""
    execution_role_arn: str | None
    deploy_role_arn: str | None
    bootstrap_version: int | None
    """The least version of `cdk bootstrap` that the stack needs."""
    bootstrap_parameter: str | None
    """SSM parameter that holds the version there is."""

    @property
    def name(self) -> str:
        """The name in CloudFormation."""
        return self.entry.name

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The template's resources by logical id."""
        found: dict[str, dict[str, Any]] = self.content.get("Resources", {})
        return found

    def nested(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the templates of nested stacks, with the logical ids of the stack resources."""
        files = {asset.source.name: asset.source for asset in self.assets}
        found = []
        for logical_id, resource in self.resources.items():
            path = resource.get("Metadata", {}).get("aws:asset:path")
            if resource.get("Type") == "AWS::CloudFormation::Stack" and path in files:
                found.append((logical_id, _read_json(files[path])))
        return found


def template_hash(content: dict[str, Any]) -> str:
    """Return a hash that is equal for templates that mean the same, however they are formatted."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_stacks(assembly: Path, manifest: Manifest, place: Place) -> list[StackTemplate]:
    """Read all stacks of an assembly, in the order of the manifest.

    Raises:
        AssemblyBroken: A file is missing or unreadable.
        ImageAssetUnsupported: A stack needs a container image.
        ContextMissing: The app looks up what is not known yet.
    """
    document = _read_json(assembly / "manifest.json")
    _refuse_placeholders(document.get("missing", []))
    artifacts = document.get("artifacts", {})
    return [_read_stack(assembly, entry, artifacts, place) for entry in manifest.stacks]


def _refuse_placeholders(missing: list[dict[str, Any]]) -> None:
    if not missing:
        return
    wanted = [f"`{one.get('key', one.get('provider'))}`" for one in missing]
    raise ContextMissing(
        f"the app looks up {', '.join(wanted)}, which `cdk.context.json` does not have",
        where="cdk.context.json",
        why="the templates hold the CDK's placeholders instead",
        fix=[
            "run `npx cdk synth` with the stage's credentials and `SUNDOG_STAGE` once, and commit `cdk.context.json`",
            "or name what exists by its id: `from_hosted_zone_attributes`, `from_vpc_attributes`",
        ],
    )


def _read_stack(assembly: Path, entry: StackEntry, artifacts: dict[str, Any], place: Place) -> StackTemplate:
    artifact = artifacts.get(entry.artifact_id)
    if artifact is None:
        raise AssemblyBroken(
            f"the assembly has no artifact `{entry.artifact_id}` for the stack `{entry.name}`",
            where=str(assembly / "manifest.json"),
            fix="run the command again; synth writes the assembly anew",
        )
    properties: dict[str, Any] = artifact.get("properties", {})
    template_file = assembly / entry.template_file
    assets = _assets(assembly, entry, artifact, artifacts, place)
    body = _read(template_file)
    return StackTemplate(
        entry=entry,
        body=body,
        content=_parse(template_file, body),
        tags=properties.get("tags", {}),
        parameters=properties.get("parameters", {}),
        termination_protected=bool(properties.get("terminationProtection")),
        assets=tuple(asset for asset in assets if asset.source != template_file),
        template_asset=next((asset for asset in assets if asset.source == template_file), None),
        execution_role_arn=_filled(properties.get("cloudFormationExecutionRoleArn"), place),
        deploy_role_arn=_filled(properties.get("assumeRoleArn"), place),
        bootstrap_version=properties.get("requiresBootstrapStackVersion"),
        bootstrap_parameter=properties.get("bootstrapStackVersionSsmParameter"),
    )


def _assets(
    assembly: Path, entry: StackEntry, artifact: dict[str, Any], artifacts: dict[str, Any], place: Place
) -> list[FileAsset]:
    found: list[FileAsset] = []
    for dependency in artifact.get("dependencies", []):
        other = artifacts.get(dependency, {})
        if other.get("type") != "cdk:asset-manifest":
            continue
        manifest = _read_json(assembly / other["properties"]["file"])
        for image in manifest.get("dockerImages", {}).values():
            raise ImageAssetUnsupported(
                f"the stack `{entry.name}` needs the container image `{image.get('displayName', dependency)}`",
                where=None if entry.place is None else f"{entry.place.file}:{entry.place.line}",
                why="building it takes Docker",
                fix="package the function as a zip: use `Function`, or `Code.from_asset` with a folder",
            )
        found += [
            _file_asset(assembly, asset_id, asset, destination, place)
            for asset_id, asset in manifest.get("files", {}).items()
            for destination in asset["destinations"].values()
        ]
    return found


def _file_asset(
    assembly: Path, asset_id: str, asset: dict[str, Any], destination: dict[str, Any], place: Place
) -> FileAsset:
    source = asset["source"]
    name = asset.get("displayName", asset_id)
    if "path" not in source:
        raise AssemblyBroken(
            f"the asset `{name}` is made by a command, which only the CDK's own CLI runs",
            where=str(assembly),
            fix="give the construct a file or folder instead",
        )
    return FileAsset(
        asset_id=asset_id,
        name=name,
        source=assembly / source["path"],
        zipped=source.get("packaging") == "zip",
        bucket=place.fill(destination["bucketName"]),
        key=place.fill(destination["objectKey"]),
        role_arn=_filled(destination.get("assumeRoleArn"), place),
        region=place.fill(destination.get("region") or place.region),
    )


def _filled(text: str | None, place: Place) -> str | None:
    return None if text is None else place.fill(text)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise AssemblyBroken(
            f"`{file.name}` of the cloud assembly cannot be read",
            where=str(file),
            why=error.strerror,
            fix="run the command again; synth writes the assembly anew",
        ) from error


def _parse(file: Path, body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise AssemblyBroken(
            f"`{file.name}` of the cloud assembly is not valid JSON",
            where=str(file),
            why=str(error),
            fix="run the command again; synth writes the assembly anew",
        ) from error
    return dict(content)


def _read_json(file: Path) -> dict[str, Any]:
    return _parse(file, _read(file))
