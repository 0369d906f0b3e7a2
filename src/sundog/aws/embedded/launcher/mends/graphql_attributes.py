"""CloudFormation knows of a GraphQL API's addresses only the one for queries.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-appsync-graphqlapi.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from .handlers import PROVISIONERS, Properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})
_TYPE = "AWS::AppSync::GraphQLApi"


def mend(module: Any) -> None:
    """Add the others."""
    handler = module._RESOURCE_HANDLERS[_TYPE]
    create, update = handler["create"], handler["update"]

    def create_with_all(logical_id: str, properties: Properties, *rest: Any, **named: Any) -> Any:
        return _completed(create(logical_id, properties, *rest, **named))

    def update_with_all(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        return _completed(update(physical_id, old, new, *rest, **named))

    handler.update(create=create_with_all, update=update_with_all)


def _completed(result: tuple[str, Properties]) -> tuple[str, Properties]:
    physical_id, attributes = result
    url = attributes.get("GraphQLUrl", "")
    host = urlsplit(url).netloc
    live = host.replace(".appsync-api.", ".appsync-realtime-api.")
    more = {"GraphQLDns": host, "RealtimeDns": live, "RealtimeUrl": f"wss://{live}/graphql"}
    return physical_id, {**more, **attributes} if url else attributes
