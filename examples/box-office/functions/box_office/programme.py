"""Shows, as the table `shows` has them."""

from datetime import UTC, datetime
from typing import Any

from sundog_runtime import resources

Show = dict[str, Any]


def find_show(show_id: str) -> Show | None:
    return resources.shows.table.get_item(Key={"showId": show_id}).get("Item")


def all_shows() -> list[Show]:
    """All of the season, by the time they begin; it is short, and so is the scan."""
    return sorted(resources.shows.table.scan()["Items"], key=_begins)


def upcoming_shows() -> list[Show]:
    now = datetime.now(UTC)
    return [show for show in all_shows() if _begins(show) > now]


def has_seat(show: Show, seat: str) -> bool:
    """Whether the hall has the seat: `C14` is the 14th of the third row."""
    row, number = seat[:1], seat[1:]
    return (
        number.isdecimal()
        and number == str(int(number))
        and 0 <= ord(row) - ord("A") < show["rows"]
        and 1 <= int(number) <= show["seats_in_row"]
    )


def _begins(show: Show) -> datetime:
    return datetime.fromisoformat(show["starts_at"])
