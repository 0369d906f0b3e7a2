"""A function whose code is not in S3 is created all the same, and answers with a made-up success."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Fail the resource, in Lambda's words."""

    def require_code(name: str, properties: Properties) -> None:
        code = properties.get("Code") or {}
        if module._lambda_svc._functions[name].get("code_zip") is None and code.get("S3Key"):
            module._lambda_svc._functions.pop(name, None)
            raise ValueError(
                f"Error occurred while GetObject of s3://{code.get('S3Bucket')}/{code['S3Key']}. S3 Error Code: NoSuchKey."
                " S3 Error Message: The specified key does not exist."
            )

    afterwards(module, "AWS::Lambda::Function", require_code)
