"""Sales, for the staff: when they ask, each morning, and settled by month."""

import csv
import io
import re
from typing import Any

from sundog_runtime import resources
from sundog_runtime.auth import Session, signed_in

from box_office import orders
from box_office.http import Problem, Response, answer, http, json_body
from box_office.notices import tell_staff
from box_office.programme import all_shows

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@signed_in
def sales(event: dict[str, Any], context: Any, session: Session) -> Response:
    return answer(200, {"for": session.subject, "shows": _sales()})


@signed_in
def start_settlement(event: dict[str, Any], context: Any, session: Session) -> Response:
    return _start(event, context)


def settle(event: dict[str, Any], context: Any) -> None:
    """The job: write the paid orders of a month, and their sum, as a table."""
    month = event["month"]
    paid = orders.paid_in(month)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["day", "order", "show", "amount"])
    table.writerows([row["day"], row["id"], row["show_id"], row["amount"]] for row in paid)
    table.writerow(["sum", "", "", sum(row["amount"] for row in paid)])
    resources.settlements.client.put_object(
        Bucket=resources.settlements.bucket_name,
        Key=f"{month}.csv",
        Body=text.getvalue().encode(),
        ContentType="text/csv",
    )


def report(event: dict[str, Any], context: Any) -> None:
    """The schedule: what was sold, to the staff's pager."""
    for show in _sales():
        tell_staff(f"{show['title']}: {show['seats']} seats, {show['amount'] / 100:.2f} €")


@http
def _start(event: dict[str, Any]) -> Response:
    month = json_body(event).get("month")
    if not isinstance(month, str) or not _MONTH.fullmatch(month):
        raise Problem(400, "`month` is not one, such as 2027-02")
    return answer(202, {"jobId": resources.settle.run({"month": month})})


def _sales() -> list[dict[str, Any]]:
    sold = {row["show_id"]: row for row in orders.sales_by_show()}
    nothing = {"orders": 0, "seats": 0, "visitors": 0, "amount": 0}
    return [
        {"title": show["title"], **nothing, **sold.get(show["showId"], {}), "show_id": show["showId"]}
        for show in all_shows()
    ]
