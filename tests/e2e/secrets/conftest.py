"""Where a secret could have been written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest


@pytest.fixture
def files_with(files_below) -> Callable[[Path, str], list[str]]:
    """Names the files below a folder that hold a text, but those of the embedded cloud, which keeps the parameters themselves."""

    def files_with(folder: Path, text: str) -> list[str]:
        return [
            str(file.relative_to(folder))
            for file in files_below(folder)
            if "cloud" not in file.relative_to(folder).parts and text.encode() in file.read_bytes()
        ]

    return files_with


@pytest.fixture
def messages_in_cloudwatch() -> Callable[[Path], list[str]]:
    """Reads all that the embedded cloud's CloudWatch Logs has of the functions of a project that runs."""

    def messages_in_cloudwatch(root: Path) -> list[str]:
        note = json.loads((root / ".sundog/local/session.json").read_text())
        logs = boto3.client(
            "logs",
            endpoint_url=note["endpoint_url"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        return [
            event["message"]
            for group in groups
            for event in logs.filter_log_events(logGroupName=group)["events"]
        ]

    return messages_in_cloudwatch
