"""The manifest: what synth knows about an app and everything else needs to.

Synth writes it as `sundog.json` into the cloud assembly, beside the CDK's own `manifest.json`. The live session, the
CLI and the Console read it; nothing of ours parses CloudFormation templates to learn these facts.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

MANIFEST_FILE = "sundog.json"
MANIFEST_VERSION = 1
SCRIPT_TRIGGER = "script"
"""Kind of the trigger of functions that run during a deploy."""


class SourcePlace(msgspec.Struct, frozen=True, kw_only=True):
    """The user's line that declared a construct."""

    file: str
    """Relative to the project root with forward slashes when inside it, else absolute."""
    line: int


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """What invokes a function."""

    kind: str
    """`http`, `queue`, `cron`, `table`, …: the lower-case name of the event source."""
    label: str
    """How a person names it: `GET /notes`, `queue reminders`, `cron digest`."""
    resource: str | None = None
    """Id of the resource in the manifest that sends the event, or the path of the CDK's construct."""
    detail: dict[str, Any] = {}
    """Facts that differ by kind: method and path, schedule, batch size. `input` is an event of the user's own, `source` what a pipe reads."""


class FunctionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A Lambda function whose code is the user's."""

    id: str
    """Unique in the app and stable: the construct path below the app, `backend/api/GET_notes`."""
    name: str
    """How a person calls it on the command line: unique in the app, the shortest that is."""
    stack: str
    """Name of the CloudFormation stack."""
    logical_id: str
    handler: str
    """As the user wrote it: `functions/notes.list_notes`."""
    runtime: str
    """The Lambda runtime identifier: `python3.12`, `nodejs24.x`."""
    runtime_is_default: bool = False
    """Whether the user named no runtime: any Python that the project allows may stand in for it on this machine."""
    language: str
    """`python`, `node`, `go`, `dotnet` or `java`: which worker runs it."""
    source: str
    """Folder that is the root of the handler's path, relative to the project root."""
    file: str
    """The handler's source file, relative to the project root."""
    function: str
    """Name of the exported function in that file: `list_notes`."""
    timeout_seconds: float
    memory_mb: int
    architecture: str = "x86_64"
    warm: int = 0
    """How many execution environments a schedule keeps warm."""
    provisioned_concurrency: int = 0
    """How many execution environments Lambda keeps ready."""
    bindings: list[str] = []
    """Ids of the bound resources."""
    triggers: list[Trigger] = []
    place: SourcePlace | None = None
    asset_hash: str | None = None
    """Hash of the code asset in the template; the deploy engine builds the asset when it must publish it."""
    build: dict[str, Any] = {}
    """Options of the language's builder: esbuild's `minify`, `external`, …"""

    @property
    def lambda_handler(self) -> str:
        """What Lambda calls the handler: its path below `source`, which is the root of the package."""
        module = PurePosixPath(self.file).relative_to(self.source).with_suffix("")
        return f"{module}.{self.function}"


class ResourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that a sundog construct made."""

    id: str
    """The construct path below the app: `storage/notes`."""
    name: str
    """The construct id the user gave: `notes`."""
    kind: str
    """Name of the construct class: `Table`, `Queue`, `Api`."""
    stack: str
    logical_id: str
    """Logical id of the construct's primary CloudFormation resource; empty for a secret or a parameter, which have none."""
    cloudformation_type: str
    attributes: dict[str, Any] = {}
    """Facts by kind: routes of an Api, keys of a Table."""
    binding: list[str] = []
    """What a function that it is bound to is given: `table_name`, `table_arn`; empty when it cannot be bound."""
    place: SourcePlace | None = None


class FileRule(msgspec.Struct, frozen=True, kw_only=True):
    """How some of the files of an upload are served."""

    files: str
    """A pattern: `*.pdf` in any folder, `assets/*` in one, `assets/**` in it and below."""
    cache_control: str | None = None
    content_type: str | None = None


class UploadEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Files that are put into a bucket after its stack is deployed."""

    id: str
    """Path of the construct below the app."""
    name: str
    kind: str
    """Name of the construct class: `StaticSite`."""
    stack: str
    output: str
    """The stack's output that holds, as JSON, `bucket`, `distribution` and `environment`: see `UploadTarget`."""
    source: str
    """Folder relative to the project root: commands run in it."""
    folder: str
    """What is uploaded, relative to the project root; a build makes it when there is one."""
    prefix: str = ""
    """Comes before the name of each file in the bucket."""
    build_command: str | None = None
    dev_command: str | None = None
    """Serves the site in a live session, instead of the upload."""
    needed: list[str] = []
    """Files that must be there, relative to the folder."""
    rules: list[FileRule] = []
    """The last one that fits a file counts."""
    variables: list[str] = []
    """Names of the variables of the build and the dev server."""
    is_site: bool = False
    """Whether files that no rule names are cached as those of a web site are."""
    purge: bool = True
    """Whether what is in the bucket and not in the folder is deleted."""
    wait: bool = False
    """Whether the deploy waits until the distribution serves the new files everywhere."""
    place: SourcePlace | None = None


class DatabaseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A database that is used through the Data API."""

    id: str
    """Path of the construct below the app."""
    name: str
    stack: str
    engine: str
    """`postgres` or `mysql`."""
    output: str
    """The stack's output that holds, as JSON, what the Data API wants: see `DatabaseTarget`."""
    migrations: str | None = None
    """Folder of SQL files, relative to the project root."""
    place: SourcePlace | None = None


class StackEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudFormation stack of the app."""

    id: str
    """The id the user gave: `storage`."""
    name: str
    """The name in CloudFormation: `local-notes-storage`."""
    artifact_id: str
    template_file: str
    """Relative to the cloud assembly."""
    depends_on: list[str] = []
    """Names of stacks that must exist before."""
    place: SourcePlace | None = None


class ConstructEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where one CloudFormation resource was declared; raw CDK constructs included."""

    stack: str
    logical_id: str
    path: str
    cloudformation_type: str
    place: SourcePlace | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of the above for one app and stage."""

    version: int = MANIFEST_VERSION
    app: str
    stage: str
    functions: list[FunctionEntry] = []
    resources: list[ResourceEntry] = []
    uploads: list[UploadEntry] = []
    databases: list[DatabaseEntry] = []
    stacks: list[StackEntry] = []
    constructs: list[ConstructEntry] = []

    def function(self, name_or_id: str) -> FunctionEntry | None:
        """Find a function by its name or id; None when there is none."""
        for entry in self.functions:
            if name_or_id in {entry.name, entry.id}:
                return entry
        return None

    def resources_of(self, kind: str) -> list[ResourceEntry]:
        """Return the resources that constructs of one type made."""
        return [entry for entry in self.resources if entry.kind == kind]

    def construct(self, stack: str, logical_id: str) -> ConstructEntry | None:
        """Find what declared a CloudFormation resource."""
        for entry in self.constructs:
            if entry.stack == stack and entry.logical_id == logical_id:
                return entry
        return None


def read_manifest(assembly: Path) -> Manifest:
    """Read the manifest of a cloud assembly.

    Raises:
        FileNotFoundError: The folder is not an assembly of a sundog app.
        msgspec.ValidationError: The file was written by an incompatible version.
    """
    return msgspec.json.decode((assembly / MANIFEST_FILE).read_bytes(), type=Manifest)


def write_manifest(assembly: Path, manifest: Manifest) -> None:
    """Write the manifest, readable by a person, into a cloud assembly."""
    encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (assembly / MANIFEST_FILE).write_bytes(encoded)
