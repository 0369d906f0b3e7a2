"""Exports that an app no longer needs and CloudFormation still does.

Take the last reference from stack B to stack A out of an app, and the CDK drops A's export. A is deployed before B, and
CloudFormation refuses to drop an export that the deployed B still imports: a deadlock that the user did not cause. So A
keeps the export, with the value that it has, until B is deployed, and is then deployed as synthesized.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sundog.aws.cloudformation import StackOutput, StackState, importers
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.assembly import StackTemplate
from sundog.deploy.concurrency import for_all


async def exports_in_use(
    connection: AwsConnection, stack: StackTemplate, deployed: StackState | None
) -> tuple[StackOutput, ...]:
    """Return the exports of a deployed stack that its new template lacks and other stacks import."""
    if deployed is None:
        return ()
    wanted = stack.content.get("Outputs", {})
    lost = [output for output in deployed.outputs if output.export_name and output.key not in wanted]
    users = await for_all(lambda output: importers(connection, str(output.export_name)), lost)
    return tuple(output for output, names in zip(lost, users, strict=True) if names)


def template_with(stack: StackTemplate, exports: Iterable[StackOutput]) -> bytes:
    """Return a template that exports more than synth says."""
    kept = {output.key: {"Value": output.value, "Export": {"Name": output.export_name}} for output in exports}
    content = stack.content | {"Outputs": stack.content.get("Outputs", {}) | kept}
    return json.dumps(content, separators=(",", ":")).encode()
