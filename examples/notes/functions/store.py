"""Notes in DynamoDB: one item per note, all notes of a user in one partition, newest last by their identifier."""

import os
from datetime import datetime
from functools import cache
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError
from sundog_runtime import resources

Note = dict[str, Any]


class NoteNotFound(Exception):
    """There is no such note of that user."""


class NoteStore:
    def __init__(self, table: Any, archive: Any = None) -> None:
        self._table = table
        self._archive = archive

    def page(self, user_id: str, limit: int, before: str | None = None) -> tuple[list[Note], str | None]:
        """Up to `limit` notes, newest first, and where the next page starts; None after the last."""
        start = {"ExclusiveStartKey": {"userId": user_id, "noteId": before}} if before else {}
        found = self._table.query(
            KeyConditionExpression=Key("userId").eq(user_id), ScanIndexForward=False, Limit=limit, **start
        )
        last = found.get("LastEvaluatedKey")
        return found["Items"], last["noteId"] if last else None

    def put(self, note: Note) -> None:
        self._table.put_item(Item=note)

    def get(self, user_id: str, note_id: str) -> Note:
        item = self._table.get_item(Key={"userId": user_id, "noteId": note_id}).get("Item")
        if item is None:
            raise NoteNotFound(note_id)
        return item

    def update(self, user_id: str, note_id: str, changes: dict[str, str]) -> Note:
        """Set attributes of a note that exists; return the whole note."""
        names = {f"#{number}": name for number, name in enumerate(changes)}
        values = {f":{number}": value for number, value in enumerate(changes.values())}
        assignments = ", ".join(f"#{number} = :{number}" for number in range(len(changes)))
        try:
            updated = self._table.update_item(
                Key={"userId": user_id, "noteId": note_id},
                UpdateExpression=f"SET {assignments}",
                ConditionExpression="attribute_exists(noteId)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise NoteNotFound(note_id) from None
            raise
        return updated["Attributes"]

    def delete(self, user_id: str, note_id: str) -> None:
        """Move a note to the archive."""
        deleted = self._table.delete_item(Key={"userId": user_id, "noteId": note_id}, ReturnValues="ALL_OLD")
        if "Attributes" not in deleted:
            raise NoteNotFound(note_id)
        self._archive.put_item(Item=deleted["Attributes"])

    def created_since(self, moment: datetime) -> list[Note]:
        """Every user's notes of the time since; reads the whole table, which a daily job may."""
        request: dict[str, Any] = {"FilterExpression": Attr("createdAt").gte(moment.isoformat())}
        notes: list[Note] = []
        while True:
            found = self._table.scan(**request)
            notes += found["Items"]
            if "LastEvaluatedKey" not in found:
                return notes
            request["ExclusiveStartKey"] = found["LastEvaluatedKey"]


@cache
def note_store() -> NoteStore:
    """The store of this environment: connections are made once and reused by every request."""
    archive = os.environ.get("ARCHIVE_TABLE")
    return NoteStore(
        resources.notes.table, archive=boto3.resource("dynamodb").Table(archive) if archive else None
    )
