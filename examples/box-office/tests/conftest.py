"""The whole box office runs on the embedded cloud, once; each test has a show of its own."""

import hashlib
import hmac
import json
import uuid

import pytest
from sundog_runtime import resources

PASSWORD = "correct Horse 7 battery!"  # noqa: S105 - of customers who live in the test
PAYMENT_KEY = "a key that the payment provider and the test share"


@pytest.fixture(scope="session")
def app(sundog_app):
    """The app, whose payment provider has a key."""
    sundog_app.set_secret("payment_key", PAYMENT_KEY)
    return sundog_app


@pytest.fixture
def show(app):
    """A show of a small hall, with its 15 seats free: A1 to C5."""
    show = {
        "showId": f"show-{uuid.uuid4().hex[:8]}",
        "title": "Lute & <drums>",
        "hall": "cellar",
        "rows": 3,
        "seats_in_row": 5,
        "starts_at": "2999-03-01T20:00:00+01:00",
        "price": 1250,
    }
    resources.shows.table.put_item(Item=show)
    yield show
    resources.shows.table.delete_item(Key={"showId": show["showId"]})


class Customer:
    """Somebody who has signed up, and calls the shop."""

    def __init__(self, app, email):
        self._app = app
        self.email = email
        self.token = self._sign_in()

    def _sign_in(self):
        cognito, client_id = self._app.client("cognito-idp"), self._app.output("ClientId")
        cognito.sign_up(
            ClientId=client_id,
            Username=self.email,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": self.email}],
        )
        cognito.confirm_sign_up(ClientId=client_id, Username=self.email, ConfirmationCode="123456")
        answer = cognito.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.email, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]["IdToken"]

    def call(self, method, path, body=None):
        response = self._app.request(
            method, path, json=body, api="shop", headers={"authorization": f"Bearer {self.token}"}
        )
        return response.status, response.json()

    def hold(self, show, *seats):
        return self.call("POST", f"/shows/{show['showId']}/holds", {"seats": list(seats)})

    def order(self, show, *seats):
        """Hold seats and order them; return the order's id."""
        assert self.hold(show, *seats)[0] == 201
        status, order = self.call("POST", f"/shows/{show['showId']}/orders")
        assert status == 201, order
        return order["orderId"]

    def orders(self):
        return self.call("GET", "/orders")[1]["orders"]


@pytest.fixture
def sign_up(app):
    def sign_up(name):
        return Customer(app, f"{name}-{uuid.uuid4().hex[:8]}@example.com")

    return sign_up


@pytest.fixture
def ada(sign_up):
    return sign_up("ada")


@pytest.fixture
def pay(app):
    """Say as the payment provider what became of an order; return the status of the answer."""

    def pay(order_id, result="paid", *, key=PAYMENT_KEY):
        body = json.dumps({"orderId": order_id, "result": result})
        signature = hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()
        return app.request(
            "POST", app.output("PaymentsUrl"), data=body, headers={"x-signature": signature}
        ).status

    return pay


@pytest.fixture
def bought(ada, show, pay, app):
    """The tickets of ada's paid order, by seat."""

    def bought(*seats):
        order_id = ada.order(show, *seats)
        assert pay(order_id) == 200
        tickets = app.wait_until(
            lambda: len(printed(order_id)) == len(seats) and printed(order_id), "the tickets"
        )
        return order_id, tickets

    def printed(order_id):
        listed = resources.tickets.client.list_objects_v2(
            Bucket=resources.tickets.bucket_name, Prefix=f"{order_id}/"
        )
        return [one["Key"] for one in listed.get("Contents", [])]

    return bought
