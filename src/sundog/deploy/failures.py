"""Errors of stacks: the first thing that really failed, where the user declared it, and what AWS said about it."""

from __future__ import annotations

import re
from typing import Literal

from sundog.aws.cloudformation import STACK_TYPE, StackEvent, events_until
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.follow import Course
from sundog.deploy.report import Report
from sundog.errors import DeployError

Verb = Literal["created", "updated", "removed"]


class StackFailed(DeployError):
    """CloudFormation could not create, update or remove a resource of a stack.

    The message shows the first resource that failed, the line that declared it and AWS's own reason; other resources of
    the stack that failed for reasons of their own follow. CloudFormation has rolled the stack back, unless the message
    says otherwise.
    """

    code = "SD-DEPLOY-009"


class TemplateRefused(DeployError):
    """CloudFormation refused a template or the request before it changed anything."""

    code = "SD-DEPLOY-010"


class StackSkipped(DeployError):
    """A stack was not deployed because one that it depends on failed."""

    code = "SD-DEPLOY-011"


class StackStuck(DeployError):
    """A stack is in a state that CloudFormation does not leave by itself."""

    code = "SD-DEPLOY-012"


class ExportInUse(DeployError):
    """A stack cannot stop exporting a value, or be removed, while another stack imports it."""

    code = "SD-DEPLOY-013"


_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"already exists", re.IGNORECASE),
        "remove the existing resource, or let CloudFormation choose the name: leave the name out",
    ),
    (
        re.compile(r"cannot update a stack when a custom-named resource requires replacing", re.IGNORECASE),
        "rename the resource, or let CloudFormation choose the name: leave the name out",
    ),
    (
        re.compile(r"only one resolver is allowed per field", re.IGNORECASE),
        "deploy once without the resolver, then with the new one: AWS replaces resolvers in the wrong order",
    ),
    (
        re.compile(r"CloudWatch Logs role ARN must be set in account settings", re.IGNORECASE),
        "set the role once per account and region: `aws apigateway update-account`",
    ),
    (
        re.compile(r"bucket you tried to delete is not empty", re.IGNORECASE),
        "empty the bucket: `aws s3 rm --recursive s3://<bucket>`, then run the command again",
    ),
    (
        re.compile(r"(is not authorized to perform|AccessDenied|access denied)", re.IGNORECASE),
        "allow that action in the permissions of the role that CloudFormation uses",
    ),
    (
        re.compile(r"(Unzipped size must be smaller|code size .* exceeds)", re.IGNORECASE),
        "make the package smaller: `sundog build` lists the largest dependencies",
    ),
)
_IN_USE = re.compile(
    r"(?:Cannot (?:delete|update) export|Export) (?P<export>\S+)(?: cannot be (?:deleted|updated))?"
    r"(?: as it is in use by| is imported by stack) (?P<stacks>[^.]+)"
)


def hint(reason: str | None) -> str | None:
    """Return what is known to help against a reason of CloudFormation's."""
    return next((text for pattern, text in _HINTS if reason and pattern.search(reason)), None)


async def stack_failed(
    connection: AwsConnection, report: Report, stack: str, verb: Verb, course: Course
) -> DeployError:
    """Return the error of an operation that did not succeed."""
    outer = course.failures
    failures = [await _innermost(connection, event) for event in outer]
    if not failures:
        own = next(
            (
                event
                for event in reversed(course.events)
                if event.reason and event.resource_type == STACK_TYPE
            ),
            None,
        )
        reason = own.reason if own else None
        return in_use(report, stack, reason) or StackFailed(
            f"the stack `{stack}` could not be {verb}",
            where=report.location(stack),
            why=reason,
            fix=hint(reason),
            details=[_aftermath(verb, course.status)],
        )
    first, path = failures[0], report.path(stack, outer[0].logical_id)
    if first is not outer[0]:
        path = f"{path}/{first.logical_id}"
    return in_use(report, stack, first.reason) or StackFailed(
        f"the stack `{stack}` could not be {verb}: `{path}` ({first.resource_type}) failed",
        where=report.location(stack, outer[0].logical_id),
        why=first.reason,
        fix=hint(first.reason),
        details=[
            *(
                f"also failed: `{report.path(stack, other.logical_id)}` ({other.resource_type}): {other.reason}"
                for other in failures[1:]
                if other.logical_id != first.logical_id
            ),
            _aftermath(verb, course.status),
        ],
    )


async def _innermost(connection: AwsConnection, event: StackEvent) -> StackEvent:
    """Return what failed in a nested stack; its parent only says that something did."""
    if event.resource_type != STACK_TYPE or ":stack/" not in event.physical_id:
        return event
    nested = Course(
        status="", events=tuple(await events_until(connection, event.physical_id, lambda _event: False))
    )
    return await _innermost(connection, nested.failures[-1]) if nested.failures else event


def _aftermath(verb: Verb, status: str) -> str:
    match status:
        case "ROLLBACK_COMPLETE":
            return "CloudFormation removed what it had created; the next deploy starts afresh"
        case "UPDATE_ROLLBACK_COMPLETE":
            return "CloudFormation rolled the stack back: it runs as it did before"
        case "UPDATE_ROLLBACK_FAILED":
            return "CloudFormation could not roll the stack back either: the next deploy tries again"
        case "DELETE_FAILED":
            return "what could be removed is gone; the stack remains with the rest"
        case _:
            return f"the stack was not {verb} and is in the state {status}"


def in_use(report: Report, stack: str, reason: str | None) -> ExportInUse | None:
    """Return the error of an export that somebody imports, when that is the reason."""
    found = _IN_USE.search(reason or "")
    if found is None:
        return None
    users = found["stacks"].strip()
    return ExportInUse(
        f"the stack `{stack}` must keep its export `{found['export']}`: `{users}` uses it",
        where=report.location(stack),
        why=reason,
        fix=[
            f"deploy `{users}` without the reference first: `sundog deploy {users}`",
            "or keep the value exported for one more deploy: `stack.export_value(…)`",
        ],
    )
