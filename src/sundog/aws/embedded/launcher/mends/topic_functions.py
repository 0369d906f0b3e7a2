"""A topic calls its functions once and waits; what fails is lost.

SNS invokes functions asynchronously, so Lambda tries again and keeps what failed:
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import json
from typing import Any

MODULE = "ministack.services.sns"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Hand the event to Lambda's queue."""

    def deliver(endpoint: str, envelope: str, topic_arn: str, subscription_arn: str, *_: Any) -> None:
        functions = module._lambda_svc
        record, config, name = functions._get_func_record_for_ref(endpoint)
        if not record or not config:
            module.logger.warning("SNS: %s has a subscriber that is not there: %s", topic_arn, name)
            return
        notice = {
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription_arn,
            "EventSource": "aws:sns",
            "Sns": json.loads(envelope),
        }
        functions.invoke_async_with_retry(
            functions._execution_record_for_config(record, config), {"Records": [notice]}
        )

    module._deliver_to_lambda = deliver
