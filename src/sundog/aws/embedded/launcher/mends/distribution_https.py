"""A distribution insists on HTTPS, which nobody speaks on this machine.

It sends visitors to `https://`, where nobody listens; and it reads its bucket as if over HTTP, which a bucket that allows
encrypted requests only refuses. In AWS the way from CloudFront to S3 is always encrypted.
"""

from __future__ import annotations

from typing import Any

MODULE = "ministack.services.cloudfront"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Serve over HTTP what AWS serves over HTTPS; nothing leaves this machine."""
    original = module._serve_s3_origin

    def let_pass(*_: object) -> None:
        return None

    def fetch(*arguments: Any, **named: Any) -> Any:
        from ministack.core import iam_evaluator

        # Set for this request alone: it runs in a thread with a context of its own.
        address, _ = iam_evaluator._request_origin.get()
        iam_evaluator.pin_request_origin(address, True)  # noqa: FBT003 - the emulator's own
        return original(*arguments, **named)

    module._check_viewer_protocol_policy = let_pass
    module._serve_s3_origin = fetch
