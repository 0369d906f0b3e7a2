"""The staff signs in, looks at sales, and settles a month."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from sundog_runtime import resources


@pytest.fixture
def ask_for_link(app):
    def ask(address):
        response = app.request("POST", "/auth/email/start", json={"email": address}, api="office")
        assert response.status == 202

    return ask


@pytest.fixture
def sign_in(app, ask_for_link):
    """Sign in with the link that comes by mail; return the headers of a browser that has."""

    def sign_in(address):
        mark = app.mark()
        ask_for_link(address)
        mail = app.wait_for_invocation("mail", lambda one: address in str(one.event), since=mark)
        link = json.loads(mail.event["Records"][0]["Sns"]["Message"])["text"]
        token = parse_qs(urlsplit(link).query)["token"][0]
        # What the button of the page behind the link sends.
        signed_in = app.request("POST", link, json={"token": token})
        assert signed_in.status == 303, signed_in.text
        return {"cookie": signed_in.headers["set-cookie"].partition(";")[0]}

    return sign_in


@pytest.fixture
def office(app, sign_in):
    """Call the office as one of the staff; return the status and the answer."""
    headers = sign_in("grace@example.com")

    def call(method, path, body=None):
        response = app.request(method, path, json=body, headers=headers, api="office")
        return response.status, response.json()

    return call


def test_the_staff_sees_what_was_sold_and_who_came(office, bought, show):
    bought("A1", "A2")
    bought("B1")

    status, sales = office("GET", "/sales")

    assert (status, sales["for"]) == (200, "grace@example.com")
    (of_show,) = [row for row in sales["shows"] if row["show_id"] == show["showId"]]
    assert of_show == {
        "show_id": show["showId"],
        "title": "Lute & <drums>",
        "orders": 2,
        "seats": 3,
        "visitors": 0,
        "amount": 3750,
    }


def test_others_see_nothing(app):
    assert app.request("GET", "/sales", api="office").status == 401
    assert app.request("POST", "/settlements", json={"month": "2027-02"}, api="office").status == 401


def test_others_get_no_link(app, ask_for_link):
    mark = app.mark()

    ask_for_link("mallory@example.com")

    app.wait_until_idle()
    assert [one for one in app.invocations("mail", since=mark) if "mallory" in str(one.event)] == []


def test_a_month_is_settled_by_a_job(app, office, bought, show):
    order_id, _ = bought("A1", "A2")
    month = datetime.now(UTC).strftime("%Y-%m")
    mark = app.mark()

    assert office("POST", "/settlements", {"month": month})[0] == 202

    assert app.wait_for_invocation("settle", since=mark).event == {"month": month}
    bucket = resources.settlements
    lines = (
        bucket.client.get_object(Bucket=bucket.bucket_name, Key=f"{month}.csv")["Body"]
        .read()
        .decode()
        .split()
    )
    assert lines[0] == "day,order,show,amount"
    assert any(line.endswith(f",{order_id},{show['showId']},2500") for line in lines)
    assert int(lines[-1].removeprefix("sum,,,")) >= 2500


@pytest.mark.parametrize("month", ["2027-13", "2027", "", 202702, None])
def test_a_wrong_month_is_answered_with_400(office, month):
    assert office("POST", "/settlements", {"month": month})[0] == 400


def test_the_pager_reports_the_sales_of_the_day(app, bought):
    bought("C1")
    mark = app.mark()

    app.run_schedule("daily_sales")

    page = app.wait_for_invocation("page", lambda one: "Lute" in str(one.event), since=mark)
    assert page.logs == ["to the staff: Lute & <drums>: 1 seats, 12.50 €"]
