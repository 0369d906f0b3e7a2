"""CloudFormation: the calls that deploying and removing stacks take, with typed answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused

MAX_TEMPLATE_BODY_BYTES = 51_200
"""Longer templates are sent by way of S3: `TemplateBody` in the API reference of CreateStack."""
MAX_TEMPLATE_BYTES = 1_000_000
"""The most that CloudFormation reads from S3 (it says 1 MB)."""
MAX_RESOURCES = 500
"""Resources in one template: CloudFormation quotas."""

_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_NO_UPDATES = "No updates are to be performed"
STACK_TYPE = "AWS::CloudFormation::Stack"


class StackOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a stack."""

    key: str
    value: str
    export_name: str | None = None


class StackState(msgspec.Struct, frozen=True, kw_only=True):
    """A stack as DescribeStacks shows it."""

    name: str
    stack_id: str
    status: str
    status_reason: str | None = None
    updated_at: str = ""
    """When it was last changed; equal texts mean that nothing happened in between."""
    outputs: tuple[StackOutput, ...] = ()
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    termination_protected: bool = False

    @property
    def in_progress(self) -> bool:
        """Whether CloudFormation is working on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


class StackEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a stack's history."""

    event_id: str
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str | None
    token: str | None
    """ClientRequestToken of the operation that it belongs to."""


class StackResource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that a stack holds."""

    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str | None = None


class StackRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What CreateStack and UpdateStack are told."""

    name: str
    token: str
    template_body: str | None = None
    template_url: str | None = None
    parameters: dict[str, str | None] = {}
    """None keeps the value that the stack has."""
    tags: dict[str, str] = {}
    role_arn: str | None = None
    termination_protected: bool = False


async def describe_stack(connection: AwsConnection, name_or_id: str) -> StackState | None:
    """Return a stack, or None when there is none of that name. A removed one is found by its id only."""
    try:
        response = await connection.call("cloudformation", "describe_stacks", StackName=name_or_id)
    except RequestRefused as error:
        if "does not exist" in error.aws_message:
            return None
        raise
    return _state(response["Stacks"][0])


def _state(stack: Mapping[str, Any]) -> StackState:
    changed = stack.get("LastUpdatedTime") or stack["CreationTime"]
    return StackState(
        name=stack["StackName"],
        stack_id=stack["StackId"],
        status=stack["StackStatus"],
        status_reason=stack.get("StackStatusReason") or None,
        updated_at=changed.isoformat(),
        outputs=tuple(
            StackOutput(
                key=output["OutputKey"],
                value=output.get("OutputValue", ""),
                export_name=output.get("ExportName"),
            )
            for output in stack.get("Outputs", [])
        ),
        parameters={
            item["ParameterKey"]: item.get("ParameterValue", "") for item in stack.get("Parameters", [])
        },
        tags={tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])},
        termination_protected=bool(stack.get("EnableTerminationProtection")),
    )


async def deployed_template(connection: AwsConnection, name: str) -> dict[str, Any] | None:
    """Return the template that a stack was last deployed from, as it was sent; None when it is not JSON."""
    response = await connection.call(
        "cloudformation", "get_template", StackName=name, TemplateStage="Original"
    )
    body = response["TemplateBody"]
    if not isinstance(body, str):
        return dict(body)
    try:
        template = json.loads(body)
    except ValueError:
        return None
    return template if isinstance(template, dict) else None


def _request(request: StackRequest) -> dict[str, Any]:
    source = (
        {"TemplateURL": request.template_url}
        if request.template_url
        else {"TemplateBody": request.template_body}
    )
    role = {"RoleARN": request.role_arn} if request.role_arn else {}
    return {
        "StackName": request.name,
        "ClientRequestToken": request.token,
        "Capabilities": list(_CAPABILITIES),
        "Parameters": [
            {"ParameterKey": key, "UsePreviousValue": True}
            if value is None
            else {"ParameterKey": key, "ParameterValue": value}
            for key, value in request.parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()],
        **source,
        **role,
    }


async def create_stack(connection: AwsConnection, request: StackRequest) -> str:
    """Start to create a stack and return its id."""
    response = await connection.call(
        "cloudformation",
        "create_stack",
        EnableTerminationProtection=request.termination_protected,
        **_request(request),
    )
    return str(response["StackId"])


async def update_stack(connection: AwsConnection, request: StackRequest) -> bool:
    """Start to update a stack; False when CloudFormation found nothing to do."""
    try:
        await connection.call("cloudformation", "update_stack", **_request(request))
    except RequestRefused as error:
        if _NO_UPDATES in error.aws_message:
            return False
        raise
    return True


async def set_termination_protection(connection: AwsConnection, name: str, *, enabled: bool) -> None:
    """Protect a stack from being deleted, or no longer."""
    await connection.call(
        "cloudformation", "update_termination_protection", StackName=name, EnableTerminationProtection=enabled
    )


async def delete_stack(connection: AwsConnection, name: str, token: str, role_arn: str | None = None) -> None:
    """Start to delete a stack."""
    role = {"RoleARN": role_arn} if role_arn else {}
    await connection.call("cloudformation", "delete_stack", StackName=name, ClientRequestToken=token, **role)


async def cancel_update(connection: AwsConnection, name: str) -> None:
    """Ask CloudFormation to roll an update back that is under way."""
    await connection.call("cloudformation", "cancel_update_stack", StackName=name)


async def continue_rollback(
    connection: AwsConnection, name: str, token: str, role_arn: str | None = None
) -> None:
    """Try again to roll back an update whose rollback failed."""
    role = {"RoleARN": role_arn} if role_arn else {}
    await connection.call(
        "cloudformation", "continue_update_rollback", StackName=name, ClientRequestToken=token, **role
    )


async def events_until(
    connection: AwsConnection, stack: str, stop: Callable[[StackEvent], bool], *, inclusive: bool = False
) -> list[StackEvent]:
    """Return the newest events back to one at which to stop, oldest first.

    Args:
        connection: The way to the stage.
        stack: Name or id; the id also finds a stack that was deleted.
        stop: Says of an event, newest first, that it and what is older are not wanted.
        inclusive: Return the event at which it stopped, too.
    """
    newer: list[StackEvent] = []
    page: dict[str, str] = {}
    while True:
        response = await connection.call("cloudformation", "describe_stack_events", StackName=stack, **page)
        for item in response["StackEvents"]:
            event = _event(item)
            if stop(event):
                return ([*newer, event] if inclusive else newer)[::-1]
            newer.append(event)
        if not response.get("NextToken"):
            return newer[::-1]
        page = {"NextToken": response["NextToken"]}


def _event(event: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        event_id=event["EventId"],
        logical_id=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        resource_type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason") or None,
        token=event.get("ClientRequestToken"),
    )


async def stack_resources(connection: AwsConnection, stack: str) -> list[StackResource]:
    """Return all resources of a stack, by name or id."""
    resources: list[StackResource] = []
    page: dict[str, str] = {}
    while True:
        # Not DescribeStackResources, which stops at a hundred.
        response = await connection.call("cloudformation", "list_stack_resources", StackName=stack, **page)
        resources += [
            StackResource(
                logical_id=item["LogicalResourceId"],
                physical_id=item.get("PhysicalResourceId", ""),
                resource_type=item["ResourceType"],
                status=item["ResourceStatus"],
                reason=item.get("ResourceStatusReason") or None,
            )
            for item in response["StackResourceSummaries"]
        ]
        if not response.get("NextToken"):
            return resources
        page = {"NextToken": response["NextToken"]}


async def importers(connection: AwsConnection, export_name: str) -> list[str]:
    """Return the names of the stacks that import an export."""
    try:
        response = await connection.call("cloudformation", "list_imports", ExportName=export_name)
    except RequestRefused as error:
        # CloudFormation answers an export that nobody imports with an error.
        if "is not imported by any stack" in error.aws_message:
            return []
        raise
    return [str(name) for name in response.get("Imports", [])]
