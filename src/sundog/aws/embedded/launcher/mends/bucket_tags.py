"""Tags of a bucket in a template are dropped; the CDK's auto-delete custom resource then fails to delete the bucket."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Store them."""

    def store_tags(name: str, properties: Properties) -> None:
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or ()}
        if tags:
            module._s3._bucket_tags[name] = tags
        else:
            module._s3._bucket_tags.pop(name, None)

    afterwards(module, "AWS::S3::Bucket", store_tags)
