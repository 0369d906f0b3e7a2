"""What may be used once only: links by e-mail and the way back from a provider."""

from __future__ import annotations

import hashlib
from typing import Any

_clients: list[Any] = []


def use_once(table: str, identity: str, expires_at: int) -> bool:
    """Note that something was used; False when it was before.

    Args:
        table: The construct's table.
        identity: What was used. Only its hash is kept.
        expires_at: When it could not be used anyway; DynamoDB forgets it after that.
    """
    if not _clients:
        from sundog_runtime._resources import _boto3, _making

        with _making:
            _clients.append(_boto3("sundog_runtime.auth").client("dynamodb"))
    client = _clients[0]
    item = {
        "id": {"S": hashlib.sha256(identity.encode()).hexdigest()},
        "expires": {"N": str(expires_at)},
    }
    try:
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True
