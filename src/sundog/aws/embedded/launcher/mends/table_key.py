"""A change of a table's key deletes the table with its items, and makes a new one of the same name.

AWS makes a new table of another name beside the old one, which the CDK keeps by default. The emulator's generated names
are always the same, so both cannot be had: a table that has items is not replaced.
"""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, before_update

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})

_REPLACING = ("KeySchema", "LocalSecondaryIndexes")


def mend(module: Any) -> None:
    """Refuse the update."""

    def keep_items(name: str, old: Properties, new: Properties) -> None:
        changed = [key for key in _REPLACING if old.get(key) != new.get(key)]
        table = module._dynamodb._tables.get(name)
        if changed and table is not None and any(table["items"].values()):
            raise ValueError(
                f"A change of {' and '.join(changed)} replaces the table {name}, and the local cloud would delete its"
                " items. Delete the items, give the construct another id, or start with an empty local stage."
            )

    before_update(module, "AWS::DynamoDB::Table", keep_items)
