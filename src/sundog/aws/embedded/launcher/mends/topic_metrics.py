"""Topics do not publish how many messages were published to them.

https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
"""

from __future__ import annotations

from typing import Any

from .alarm_evaluation import look_soon
from .metric_points import Metric, count

MODULE = "ministack.services.sns"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Count where a message goes out to the subscribers."""
    fan_out = module._fanout

    def fan_out_and_count(topic_arn: str, *rest: Any, **named: Any) -> Any:
        if module._topic_by_arn_any_scope(topic_arn):
            name = topic_arn.rpartition(":")[2]
            count(Metric("AWS/SNS", "NumberOfMessagesPublished", "Count", (("TopicName", name),)), 1)
            look_soon()
        return fan_out(topic_arn, *rest, **named)

    module._fanout = fan_out_and_count
