"""Customers find shows, hold seats and order them."""

import pytest
from sundog_runtime import resources


def test_the_season_was_loaded_by_the_deploy(app):
    show = app.request("GET", "/shows/improvised", api="shop").json()

    assert (show["title"], show["rows"], show["taken"]) == ("Improvised, every time", 5, [])


def test_shows_are_listed_until_they_begin(app, show):
    past = {
        **show,
        "showId": f"{show['showId']}-past",
        "title": "Past",
        "starts_at": "2001-03-01T20:00:00+01:00",
    }
    resources.shows.table.put_item(Item=past)

    shows = app.request("GET", "/shows", api="shop").json()["shows"]

    assert [one["showId"] for one in shows if one["showId"].startswith(show["showId"])] == [show["showId"]]


def test_an_edit_of_the_season_adds_shows_and_takes_shows_away(app, show):
    gone, hall = show["showId"], {"rows": 1, "seats_in_row": 2}
    before = {"shows": {gone: {"hall": "cellar"}}, "halls": {"cellar": hall}}
    added = {"title": "New", "hall": "cellar", "starts_at": "2027-05-01T20:00:00+02:00", "price": 900}
    after = {"shows": {f"{gone}-new": added}, "halls": {"cellar": hall}}

    app.invoke("load", {"type": "update", "params": after, "previous_params": before})

    assert app.request("GET", f"/shows/{gone}", api="shop").status == 404
    assert app.request("GET", f"/shows/{gone}-new", api="shop").json()["seats_in_row"] == 2


def test_held_seats_are_seen_by_others_and_not_theirs(ada, sign_up, show, app):
    bob = sign_up("bob")

    status, held = ada.hold(show, "A1", "A2")

    assert (status, held["seats"]) == (201, ["A1", "A2"])
    assert sorted(app.request("GET", f"/shows/{show['showId']}", api="shop").json()["taken"]) == ["A1", "A2"]
    assert bob.hold(show, "A2", "A3") == (409, {"error": "one of these seats is taken"})
    # All of the seats or none: A3 is free.
    assert bob.hold(show, "A3")[0] == 201
    # Who holds a seat may hold it for longer.
    assert ada.hold(show, "A1")[0] == 201


def test_a_hold_that_has_expired_holds_nobody_up(ada, show):
    expired = {"showId": show["showId"], "seat": "B1", "holder": "somebody", "expires_at": 1_700_000_000}
    resources.seats.table.put_item(Item=expired)

    assert ada.hold(show, "B1")[0] == 201


def test_an_order_has_the_held_seats(ada, show):
    ada.hold(show, "A1", "A2")

    status, order = ada.call("POST", f"/shows/{show['showId']}/orders")

    assert status == 201
    assert (order["seats"], order["amount"]) == (["A1", "A2"], 2500)
    assert ada.orders() == [
        {
            "id": order["orderId"],
            "show_id": show["showId"],
            "amount": 2500,
            "status": "unpaid",
            "seats": "A1 A2",
        }
    ]


def test_nothing_is_ordered_twice(ada, show):
    ada.order(show, "A1")

    assert ada.call("POST", f"/shows/{show['showId']}/orders") == (409, {"error": "hold some seats first"})
    assert ada.hold(show, "A1") == (409, {"error": "one of these seats is taken"})


@pytest.mark.parametrize(
    ("seats", "message"),
    [
        ([], "choose 1 to 6 seats"),
        (["A1", "A2", "A3", "A4", "A5", "B1", "B2"], "choose 1 to 6 seats"),
        (["A6"], "the hall has no seat `A6`"),
        (["D1"], "the hall has no seat `D1`"),
        (["A01"], "the hall has no seat `A01`"),
        ([""], "the hall has no seat ``"),
        ("A1", "`seats` is not a list of seats"),
        ([1], "`seats` is not a list of seats"),
    ],
)
def test_a_wrong_choice_is_answered_with_400(ada, show, seats, message):
    path = f"/shows/{show['showId']}/holds"

    assert ada.call("POST", path, {"seats": seats}) == (400, {"error": message})


def test_who_has_not_signed_in_holds_nothing(app, show):
    for token in ("", "Bearer nonsense"):
        response = app.request(
            "POST",
            f"/shows/{show['showId']}/holds",
            json={"seats": ["A1"]},
            api="shop",
            headers={"authorization": token},
        )
        assert response.status == 401


def test_a_confirmed_customer_is_welcomed(app, sign_up):
    mark = app.mark()
    cleo = sign_up("cleo")

    mail = app.wait_for_invocation("mail", lambda one: cleo.email in str(one.event), since=mark)
    assert mail.logs == [f"mail to {cleo.email}: Welcome"]
