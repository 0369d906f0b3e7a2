"""From the payment to the ticket in the mail, and what happens without one."""

from sundog_runtime import resources


def test_a_paid_order_becomes_tickets_in_the_mail(ada, show, bought, app):
    mark = app.mark()

    _, keys = bought("A1", "A2")

    mails = app.wait_for_invocations(
        "mail",
        lambda one: "Your ticket" in str(one.event) and ada.email in str(one.event),
        count=2,
        since=mark,
    )
    codes = sorted(key.partition("/")[2].removesuffix(".svg") for key in keys)
    assert sorted(mail.logs[0] for mail in mails) == [
        f"mail to {ada.email}: Your ticket {code}" for code in codes
    ]
    assert ada.orders()[0]["status"] == "paid"
    ticket = resources.tickets.client.get_object(Bucket=resources.tickets.bucket_name, Key=keys[0])
    assert ticket["ContentType"] == "image/svg+xml"
    drawing = ticket["Body"].read().decode()
    assert "Lute &amp; &lt;drums&gt;" in drawing
    assert "2999-03-01, 20:00 · seat A" in drawing


def test_a_payment_that_is_told_twice_prints_once(ada, show, bought, pay, app):
    order_id, _ = bought("A1")
    mark = app.mark()

    assert pay(order_id) == 200

    app.wait_until_idle()
    assert [one for one in app.invocations("print_tickets", since=mark) if order_id in str(one.event)] == []


def test_a_refused_payment_frees_the_seats(ada, show, pay, app):
    order_id = ada.order(show, "A1", "A2")

    assert pay(order_id, "refused") == 200

    app.wait_until(lambda: ada.orders()[0]["status"] == "cancelled", "the order to be cancelled")
    app.wait_until(lambda: ada.hold(show, "A1", "A2")[0] == 201, "the seats to be free")


def test_the_staff_pays_back_what_comes_too_late(ada, show, pay, app):
    order_id = ada.order(show, "A1")
    pay(order_id, "refused")
    app.wait_until(lambda: ada.orders()[0]["status"] == "cancelled", "the order to be cancelled")
    mark = app.mark()

    assert pay(order_id) == 200

    page = app.wait_for_invocation("page", lambda one: order_id in str(one.event), since=mark)
    assert page.logs == [f"to the staff: order {order_id} was paid after it was given up: pay 12.50 € back"]
    assert ada.orders()[0]["status"] == "cancelled"


def test_only_the_payment_provider_is_believed(ada, show, pay):
    order_id = ada.order(show, "A1")

    assert pay(order_id, key="a guess") == 401
    assert ada.orders()[0]["status"] == "unpaid"


def test_a_payment_of_no_order_is_answered_with_404(pay):
    assert pay("no-such-order") == 404


def test_orders_that_nobody_pays_are_given_up(ada, show, app):
    late, fresh = ada.order(show, "A1"), ada.order(show, "A2")
    resources.orders.execute(
        "update orders set created_at = now() - interval '1 hour' where id = :id", id=late
    )

    assert app.run_schedule("unpaid")["cancelled"] >= 1

    assert {order["id"]: order["status"] for order in ada.orders()} == {late: "cancelled", fresh: "unpaid"}
    assert ada.hold(show, "A1")[0] == 201


def test_only_messages_that_cannot_be_printed_come_back(app, ada, show):
    order_id = ada.order(show, "A1")
    event = app.saved_event("printing-messages")
    event["Records"][0]["body"] = event["Records"][0]["body"].replace("ORDER", order_id)

    answer = app.invoke("print_tickets", event)

    assert answer == {
        "batchItemFailures": [{"itemIdentifier": "unknown-order"}, {"itemIdentifier": "no-json"}]
    }


def test_the_staff_hears_of_tickets_that_were_not_printed(app):
    mark = app.mark()
    alarms = app.client("cloudwatch")

    alarms.set_alarm_state(
        AlarmName=app.physical_id("not_printed"), StateValue="ALARM", StateReason="the printer is on fire"
    )

    page = app.wait_for_invocation("page", lambda one: "on fire" in str(one.event), since=mark)
    assert page.logs[0].endswith("the printer is on fire")
