"""Tickets at the doors, the plan of seats, and what other programs are told."""

import json

import pytest
from boto3.dynamodb.conditions import Key
from sundog_runtime import resources
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


@pytest.fixture
def scan(app):
    """Ask the doors, with the key of the main door; return the status and the answer."""
    key = app.client("apigateway").get_api_key(apiKey=app.output("MainDoorKeyId"), includeValue=True)["value"]

    def scan(code, key=key):
        response = app.request(
            "POST", app.output("DoorsUrl") + "/scans", json={"code": code}, headers={"x-api-key": key}
        )
        return response.status, response.json()

    return scan


@pytest.fixture
def watch(app):
    """Open the plan of seats of a show, as the website does."""

    def watch(show_id):
        return connect(f"{app.output('SeatPlanUrl')}?show={show_id}", open_timeout=30)

    return watch


def code_of(key):
    return key.partition("/")[2].removesuffix(".svg")


def test_a_ticket_is_good_once_and_the_visitor_is_counted(app, show, bought, scan):
    _, (key,) = bought("C5")

    assert scan(code_of(key)) == (200, {"admitted": True, "seat": "C5"})
    assert scan(code_of(key)) == (403, {"admitted": False})

    app.wait_until(lambda: visitors_of(show) == 1, "the visitor to be counted")


def visitors_of(show):
    return resources.shows.table.get_item(Key={"showId": show["showId"]})["Item"].get("visitors")


def test_a_ticket_that_is_not_paid_is_not_good(app, ada, show, scan):
    order_id = ada.order(show, "A1")
    (ticket,) = resources.orders.execute("select code from tickets where order_id = :id", id=order_id)

    assert scan(ticket["code"]) == (403, {"admitted": False})
    assert scan("nonsense") == (403, {"admitted": False})


def test_a_scanner_needs_a_key(scan):
    assert scan("nonsense", key="guessed")[0] == 403


def test_the_plan_shows_seats_as_they_are_taken_and_freed(app, ada, show, pay, watch):
    with watch(show["showId"]) as plan, watch("another") as other:
        ada.hold(show, "B2")
        assert json.loads(plan.recv(timeout=30)) == {"taken": ["B2"], "free": []}

        pay(ada.call("POST", f"/shows/{show['showId']}/orders")[1]["orderId"], "refused")
        told = json.loads(plan.recv(timeout=30))
        while not told["free"]:  # the order itself is a change of the seat as well
            told = json.loads(plan.recv(timeout=30))
        assert told == {"taken": [], "free": ["B2"]}

        other.send(json.dumps({"action": "nothing"}))
        other.close()
        assert list(other) == []


def test_who_watches_no_show_is_not_connected(app):
    with pytest.raises(InvalidStatus) as refused, connect(app.output("SeatPlanUrl"), open_timeout=30):
        pass
    assert refused.value.response.status_code == 400


def test_who_has_left_is_forgotten(app, show, watch):
    with watch(show["showId"]):
        assert len(watchers_of(show)) == 1

    app.wait_until(lambda: not watchers_of(show), "the connection to be forgotten")


def watchers_of(show):
    condition = Key("showId").eq(show["showId"])
    return resources.watchers.table.query(IndexName="byShow", KeyConditionExpression=condition)["Items"]


def test_others_list_our_shows(app, show):
    query = '{ shows { showId } show(showId: "brass") { title hall price } }'

    response = app.request(
        "POST",
        app.output("ListingsUrl"),
        json={"query": query},
        headers={"x-api-key": app.output("ListingsKey")},
    )

    data = response.json()["data"]
    assert {"showId": show["showId"]} in data["shows"]
    assert data["show"] == {"title": "Brass on Sunday", "hall": "main", "price": 1800}


def test_the_website_knows_where_the_shop_is(app):
    page = app.request("GET", app.output("WebsiteUrl"))
    script = app.request("GET", app.output("WebsiteUrl") + "/box-office.js")

    assert "What is played" in page.text
    assert app.output("ShopUrl") in script.text
    assert app.output("SeatPlanUrl") in script.text
