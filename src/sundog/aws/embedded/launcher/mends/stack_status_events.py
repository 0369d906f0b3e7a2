"""EventBridge is not told what becomes of stacks, so that rules which wait for a deploy are never called.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-events-reference.html
"""

from __future__ import annotations

import json
from typing import Any

MODULE = "ministack.services.cloudformation.stacks"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Put an event on the account's bus for each status of a stack."""
    original = module._add_event

    def add_event(
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        **more: Any,
    ) -> None:
        original(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, **more)
        if resource_type == "AWS::CloudFormation::Stack" and physical_id == stack_id:
            _tell(stack_id, status, reason)

    module._add_event = add_event


def _tell(stack_id: str, status: str, reason: str) -> None:
    from ministack.services import eventbridge

    detail = {
        "stack-id": stack_id,
        "status-details": {"status": status, "status-reason": reason},
        "client-request-token": "",
    }
    entry = {
        "Source": "aws.cloudformation",
        "DetailType": "CloudFormation Stack Status Change",
        "Detail": json.dumps(detail),
        "Resources": [stack_id],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
