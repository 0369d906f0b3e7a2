"""Telling people something: on the topic `notices`, whose subscribers choose by audience."""

import json

from sundog_runtime import resources


def tell_customer(email: str, subject: str, text: str) -> None:
    _publish("customer", {"to": email, "subject": subject, "text": text})


def tell_staff(text: str) -> None:
    _publish("staff", {"text": text})


def _publish(audience: str, notice: dict[str, str]) -> None:
    resources.notices.client.publish(
        TopicArn=resources.notices.topic_arn,
        Message=json.dumps(notice),
        MessageAttributes={"audience": {"DataType": "String", "StringValue": audience}},
    )
