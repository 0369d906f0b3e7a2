"""The doors: a scanner asks whether a ticket is good; the stream counts who came."""

import base64
import json
from collections import Counter
from typing import Any

from sundog_runtime import resources

from box_office.http import Event, Response, answer, http, json_body
from box_office.orders import admit


@http
def scan(event: Event) -> Response:
    ticket = admit(str(json_body(event).get("code", "")).upper())
    if ticket is None:
        return answer(403, {"admitted": False})
    # The scanner does not wait for the count. One show's visitors stay in order.
    resources.admissions.client.put_record(
        StreamName=resources.admissions.stream_name,
        PartitionKey=ticket["show_id"],
        Data=json.dumps(ticket).encode(),
    )
    return answer(200, {"admitted": True, "seat": ticket["seat"]})


def count(event: dict[str, Any], context: Any) -> None:
    """Add a batch of admissions to the visitors of their shows.

    A batch that fails half way comes again as a whole: this number is for the screen in the foyer, the database is exact.
    """
    came = Counter(
        json.loads(base64.b64decode(record["kinesis"]["data"]))["show_id"] for record in event["Records"]
    )
    for show_id, visitors in came.items():
        resources.shows.table.update_item(
            Key={"showId": show_id},
            UpdateExpression="ADD visitors :came",
            ExpressionAttributeValues={":came": visitors},
        )
