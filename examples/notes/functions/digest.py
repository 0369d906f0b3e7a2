"""The daily digest: how many notes each user wrote since yesterday."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from functions.store import note_store

PERIOD = timedelta(days=1)


def run(event: dict[str, Any], context: Any) -> dict[str, int]:
    until = datetime.fromisoformat(event["time"])
    counts = Counter(note["userId"] for note in note_store().created_since(until - PERIOD))
    for user_id, count in sorted(counts.items()):
        print(f"digest for {user_id}: {count} new notes")
    return {"users": len(counts), "notes": counts.total()}
