"""Delete the data of an app and leave its resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

ClientOf = Callable[[str], Any]

_ITEMS_AT_ONCE = 25
"""The most of a BatchWriteItem."""


def delete_data(
    client: ClientOf, resources: Iterable[tuple[str, str]], kept: Mapping[str, Mapping[str, str]]
) -> None:
    """Empty what can be emptied among resources.

    Args:
        client: Returns the client of a service.
        resources: CloudFormation type and physical id of each.
        kept: ETags of the objects that stay where they are, by their names, by the names of buckets.
    """
    delete: dict[str, Callable[[ClientOf, str], None]] = {
        **_DELETE,
        "AWS::S3::Bucket": partial(_bucket, kept=kept),
    }
    # Queues first: what waits in them would be handled while the tables are being emptied.
    known = sorted((one for one in resources if one[0] in delete), key=lambda one: list(delete).index(one[0]))
    for resource_type, physical_id in known:
        delete[resource_type](client, physical_id)


def _queue(client: ClientOf, url: str) -> None:
    queues = client("sqs")
    try:
        queues.purge_queue(QueueUrl=url)
    except queues.exceptions.QueueDoesNotExist:
        return  # a test has deleted it, to see what becomes of its messages


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


def _bucket(client: ClientOf, name: str, kept: Mapping[str, Mapping[str, str]]) -> None:
    objects, of_deploy = client("s3"), kept.get(name, {})

    def stays(one: Mapping[str, Any]) -> bool:
        return bool(one["IsLatest"]) and of_deploy.get(one["Key"]) == one.get("ETag", "").strip('"')

    for page in objects.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        wanted = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found if not stays(one)]
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
    "AWS::Cognito::UserPool": _user_pool,
}
