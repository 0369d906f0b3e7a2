"""Delete the data of an app and leave its resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

ClientOf = Callable[[str], Any]

_ITEMS_AT_ONCE = 25
"""The most of a BatchWriteItem."""


def delete_data(client: ClientOf, resources: Iterable[tuple[str, str]]) -> None:
    """Empty what can be emptied among resources.

    Args:
        client: Returns the client of a service.
        resources: CloudFormation type and physical id of each.
    """
    # Queues first: what waits in them would be handled while the tables are being emptied.
    known = sorted(
        (kind for kind in resources if kind[0] in _DELETE), key=lambda one: list(_DELETE).index(one[0])
    )
    for resource_type, physical_id in known:
        _DELETE[resource_type](client, physical_id)


def _queue(client: ClientOf, url: str) -> None:
    client("sqs").purge_queue(QueueUrl=url)


def _table(client: ClientOf, name: str) -> None:
    tables = client("dynamodb")
    described = tables.describe_table(TableName=name)["Table"]
    keys = [key["AttributeName"] for key in described["KeySchema"]]
    names = {f"#{number}": key for number, key in enumerate(keys)}
    pages = tables.get_paginator("scan").paginate(
        TableName=name, ProjectionExpression=", ".join(names), ExpressionAttributeNames=names
    )
    items = [item for page in pages for item in page["Items"]]
    for some in _portions(items, _ITEMS_AT_ONCE):
        tables.batch_write_item(RequestItems={name: [{"DeleteRequest": {"Key": item}} for item in some]})


def _bucket(client: ClientOf, name: str) -> None:
    objects = client("s3")
    for page in objects.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        wanted = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if wanted:
            objects.delete_objects(Bucket=name, Delete={"Objects": wanted, "Quiet": True})


def _user_pool(client: ClientOf, identifier: str) -> None:
    pools = client("cognito-idp")
    pages = pools.get_paginator("list_users").paginate(UserPoolId=identifier)
    for user in [user for page in pages for user in page["Users"]]:
        pools.admin_delete_user(UserPoolId=identifier, Username=user["Username"])


def _portions(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


_DELETE: dict[str, Callable[[ClientOf, str], None]] = {
    "AWS::SQS::Queue": _queue,
    "AWS::DynamoDB::Table": _table,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::Cognito::UserPool": _user_pool,
}
