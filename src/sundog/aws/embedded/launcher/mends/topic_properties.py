"""A FIFO topic in a template is made as a standard one: no order, and messages that are sent twice arrive twice."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})

_TRUE_OR_FALSE = ("FifoTopic", "ContentBasedDeduplication")
_TEXTS = ("FifoThroughputScope", "KmsMasterKeyId", "SignatureVersion")


def mend(module: Any) -> None:
    """Store what the API stores."""

    def store(arn: str, properties: Properties) -> None:
        attributes = module._sns._topics[arn]["attributes"]
        for name in _TRUE_OR_FALSE:
            if str(properties.get(name, False)).lower() == "true":
                attributes[name] = "true"
            else:
                attributes.pop(name, None)
        attributes.update({name: str(properties[name]) for name in _TEXTS if properties.get(name)})

    afterwards(module, "AWS::SNS::Topic", store)
