"""`sundog version`."""

from __future__ import annotations

import platform
from importlib import metadata

from sundog.cli.here import Here
from sundog.cli.options import command

_SHOWN = ("sundog", "sundog-runtime", "aws-cdk-lib", "constructs", "jsii", "boto3")


@command("version")
def version(here: Here) -> None:
    """Show the versions of sundog and what it builds on."""
    versions = {name: metadata.version(name) for name in _SHOWN} | {"python": platform.python_version()}
    if here.output.as_json:
        here.output.json(versions)
        return
    width = max(len(name) for name in versions)
    for name, number in versions.items():
        here.output.data(f"{name.ljust(width)}  {number}")
