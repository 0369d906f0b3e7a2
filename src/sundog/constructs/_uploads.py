"""Files for a bucket: what the deploy engine is told, and where it finds what only CloudFormation knows.

The engine uploads after the stack is deployed, in every cloud. It reads the bucket's name, and the values that a site
is built with, from one output of the stack, whose value is JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import aws_cdk

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._settings import refuse_unknown_settings
from sundog.errors import ConstructError
from sundog.model.manifest import FileRule, UploadEntry
from sundog.model.uploads import OUTPUT_PREFIX

_RULE_SETTINGS = ("cache_control", "content_type")


class InvalidUpload(ConstructError):
    """The files of a site or a bucket are not described in a way that they can be uploaded.

    Folders are named from the project root and lie in the project; rules for files are a pattern with a `Cache-Control`
    header, or with `{"cache_control": …, "content_type": …}`.
    """

    code = "SD-UPLOAD-001"


def upload_entry(
    construct: SundogConstruct,
    *,
    bucket: str,
    source: str,
    folder: str,
    distribution: str | None = None,
    environment: Mapping[str, str] | None = None,
    **settings: Any,
) -> UploadEntry:
    """Describe an upload, and make the output of the stack that the engine reads.

    Args:
        construct: What the files belong to.
        bucket: Name of the bucket, known to CloudFormation.
        source: Folder in which commands run, relative to the project root.
        folder: Folder that is uploaded, relative to the project root.
        distribution: Id of the distribution that caches the files.
        environment: What the build is given.
        settings: Further fields of `UploadEntry`.
    """
    values = {"bucket": bucket, "environment": dict(environment or {})}
    if distribution is not None:
        values["distribution"] = distribution
    stack = _outermost(construct.stack)
    key = OUTPUT_PREFIX + hashlib.sha256(construct.path.encode()).hexdigest()[:12]
    output = aws_cdk.CfnOutput(stack, key, value=stack.to_json_string(values))
    output.override_logical_id(key)
    return UploadEntry(
        id=construct.path,
        name=construct.id,
        kind=construct.kind,
        # Its path; the manifest replaces it by the name.
        stack=construct.path.partition("/")[0],
        output=key,
        source=source,
        folder=folder,
        variables=list(environment or {}),
        place=construct.place,
        **settings,
    )


def project_folder(construct: SundogConstruct, argument: str, given: object, *, below: str = ".") -> str:
    """Return a folder of the project as the manifest names it.

    Args:
        construct: Whose argument it is.
        argument: The name of the argument, for messages.
        given: What the user wrote.
        below: The folder, relative to the project root, that it is relative to.

    Raises:
        InvalidUpload: It is no relative path, or leads out of the project.
    """
    path = PurePosixPath(str(given))
    parts: list[str] = []
    for part in [*PurePosixPath(below).parts, *path.parts]:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    if not isinstance(given, str) or path.is_absolute() or ".." in parts:
        raise construct.error(
            InvalidUpload,
            f"{construct.kind} `{construct.id}`: `{argument}` is `{given}`",
            why="it is a folder of the project, named from its root",
            fix=f'write it like `{argument}="web"`',
        )
    return "/".join(parts) or "."


def file_rules(construct: SundogConstruct, given: Mapping[str, Any] | None) -> list[FileRule]:
    """Return the rules that a user wrote as a dictionary from patterns to headers.

    Raises:
        InvalidUpload: A value is neither a `Cache-Control` header nor a dictionary of the known settings.
    """
    rules = []
    for pattern, value in (given or {}).items():
        settings = {"cache_control": value} if isinstance(value, str) else value
        if not isinstance(settings, Mapping):
            raise construct.error(
                InvalidUpload,
                f"{construct.kind} `{construct.id}`: the rule for `{pattern}` is `{value!r}`",
                why="a rule is a `Cache-Control` header, or a dictionary",
                fix='write `{"*.pdf": "max-age=3600"}`',
            )
        refuse_unknown_settings(
            construct, InvalidUpload, f"the rule for `{pattern}`", settings, _RULE_SETTINGS
        )
        rules.append(FileRule(files=pattern, **settings))
    return rules


def _outermost(stack: aws_cdk.Stack) -> aws_cdk.Stack:
    # The outputs of nested stacks cannot be read from outside.
    while stack.nested_stack_parent is not None:
        stack = stack.nested_stack_parent
    return stack
