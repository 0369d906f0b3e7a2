"""The programme: loaded by deploys, listed for the website and for others."""

from typing import Any

from sundog_runtime import resources

from box_office.http import Event, Problem, Response, answer, http
from box_office.programme import Show, find_show, upcoming_shows
from box_office.seating import taken_seats


def load(event: dict[str, Any], context: Any) -> None:
    """Put the season into the table; shows that it does not name any more leave it."""
    season, before = event["params"], event.get("previous_params", {"shows": {}})
    with resources.shows.table.batch_writer() as batch:
        for show_id, show in season["shows"].items():
            batch.put_item(Item={"showId": show_id, **show, **season["halls"][show["hall"]]})
        for show_id in before["shows"].keys() - season["shows"].keys():
            batch.delete_item(Key={"showId": show_id})


def listed(event: dict[str, Any], context: Any) -> list[Show]:
    return upcoming_shows()


@http
def list_shows(event: Event) -> Response:
    return answer(200, {"shows": upcoming_shows()})


@http
def show(event: Event) -> Response:
    show_id = event["pathParameters"]["showId"]
    found = find_show(show_id)
    if found is None:
        raise Problem(404, "there is no such show")
    return answer(200, {**found, "taken": taken_seats(show_id)})
