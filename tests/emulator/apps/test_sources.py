"""Topics, buckets and event buses: what they deliver, to whom, and under which name it is shown."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("apps-sources")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "sources") as running:
        yield running


@pytest.fixture
def send(app):
    """Have the app's own function cause an event, with its bindings."""
    return lambda kind, given: app.invoke("send", {"kind": kind, "given": given})


def messages(app, queue):
    received = app.aws("sqs").receive_message(
        QueueUrl=app.output(queue), WaitTimeSeconds=1, MaxNumberOfMessages=10
    )
    return [message["Body"] for message in received.get("Messages", [])]


def order_of(seen):
    return json.loads(seen.event["Records"][0]["Sns"]["Message"])["id"]


def test_a_message_reaches_every_subscriber_whose_filter_it_passes(app, send):
    mark = app.mark()
    send("order", {"id": 1, "total": 20, "gift": False})
    send("order", {"id": 2, "total": 2000, "gift": False})
    send("order", {"id": 3, "total": 30, "gift": True})

    every = app.wait_for("every", count=3, since=mark)
    large = app.wait_for("orders.large", since=mark)
    gifts = app.wait_for("gift", since=mark)

    assert sorted(map(order_of, every)) == [1, 2, 3]
    assert [order_of(seen) for seen in large] == [2]
    assert [order_of(seen) for seen in gifts] == [3]
    assert every[0].event["Records"][0]["EventSource"] == "aws:sns"
    assert (large[0].trigger.kind, large[0].trigger.label) == ("topic", "topic orders")


def test_a_subscribed_queue_gets_the_body_alone(app, send, wait_for):
    send("order", {"id": "archived", "total": 1})
    bodies = []

    def archived():
        bodies.extend(json.loads(body)["id"] for body in messages(app, "Archive"))
        return "archived" in bodies

    wait_for(archived, "the message in the queue")


def test_a_message_for_a_queue_that_was_deleted_reaches_the_consumer_of_the_dead_letters(app, send):
    app.aws("sqs").delete_queue(QueueUrl=app.physical_id("closed"))
    mark = app.mark()
    send("order", {"id": "late", "total": 1})

    (seen,) = app.wait_for("undelivered", where=lambda one: one.response == ["late"], since=mark)

    assert seen.trigger.label == "queue undelivered"


def test_a_new_object_notifies_the_function_and_a_deleted_one_the_queue(app, send, wait_for):
    mark = app.mark()
    send("photo", "in/cat.jpg")
    send("photo", "in/cat.txt")
    send("photo", "cat.jpg")
    (seen,) = app.wait_for("shrink", since=mark)
    send("delete", "in/cat.jpg")

    def deleted():
        records = [json.loads(body).get("Records", []) for body in messages(app, "Deleted")]
        return [record["s3"]["object"]["key"] for found in records for record in found]

    assert wait_for(deleted, "the notification in the queue") == ["in/cat.jpg"]
    record = seen.event["Records"][0]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert (seen.trigger.label, seen.ok) == ("bucket photos", True)
    # Its own upload has another prefix, so it was not told of it.
    assert len(app.seen("shrink", since=mark)) == 1


def test_a_function_is_told_of_an_object_that_a_lifecycle_rule_removed(app, send):
    mark = app.mark()
    send("photo", "tmp/cat.jpg")

    (seen,) = app.wait_for("expired", since=mark, seconds=60)

    assert (seen.event["Records"][0]["eventName"], seen.response) == (
        "LifecycleExpiration:Delete",
        ["tmp/cat.jpg"],
    )
    assert seen.trigger.label == "bucket photos"


def test_an_event_reaches_the_targets_of_the_rules_whose_pattern_it_matches(app, send, wait_for):
    mark = app.mark()
    send("order.placed", {"total": 20})
    send("order.placed", {"total": 2000})
    send("order.cancelled", {"total": 1})

    (placed,) = app.wait_for("shop.large", since=mark)
    (cancelled,) = app.wait_for("cancelled", since=mark)

    def logged():
        log = app.aws("logs").filter_log_events(logGroupName=app.output("Log"))
        return [json.loads(event["message"])["detail"]["total"] for event in log["events"]]

    assert 2000 in wait_for(logged, "the event in the log group")
    assert (placed.event["source"], placed.event["detail-type"], placed.response) == (
        "shop.web",
        "order.placed",
        2000,
    )
    assert placed.trigger.label == "bus shop/large"
    assert cancelled.trigger.label == "bus shop/order-cancelled"


def test_a_test_publishes_to_a_topic_with_what_filters_look_at(app):
    mark = app.mark()
    total = {"total": {"DataType": "Number", "StringValue": "5000"}}
    app.publish("orders", {"id": "tested", "gift": True}, MessageAttributes=total, Subject="an order")

    (large,) = app.wait_for("orders.large", where=lambda seen: order_of(seen) == "tested", since=mark)
    (gift,) = app.wait_for("gift", where=lambda seen: order_of(seen) == "tested", since=mark)
    for seen in (large, gift):
        message = seen.event["Records"][0]["Sns"]
        assert (message["Subject"], message["MessageAttributes"]["total"]["Value"]) == ("an order", "5000")


def test_a_test_puts_an_object_that_notifies_the_function(app):
    mark = app.mark()
    app.put_object("photos", "in/dog.jpg", "dogs in the snow", ContentType="image/jpeg")

    (seen,) = app.wait_for("shrink", since=mark)
    bucket, objects = app.physical_id("photos"), app.client("s3")
    assert seen.event["Records"][0]["s3"]["object"]["size"] == len("dogs in the snow")
    assert objects.get_object(Bucket=bucket, Key="out/dog.jpg")["Body"].read() == b"dogs"
    assert objects.head_object(Bucket=bucket, Key="in/dog.jpg")["ContentType"] == "image/jpeg"


def test_a_test_puts_an_event_on_a_bus_of_the_app_and_on_that_of_the_account(app):
    mark = app.mark()
    app.put_event("order.placed", {"total": 3000}, source="shop.test", bus="shop")
    app.put_event("order.counted", {"total": 7}, source="shop.test")

    (placed,) = app.wait_for("shop.large", since=mark)
    (counted,) = app.wait_for("counted", since=mark)
    assert (placed.event["source"], placed.response) == ("shop.test", 3000)
    assert (counted.event["detail-type"], counted.response) == ("order.counted", 7)


def test_a_reset_empties_queues_and_buckets_and_those_who_follow_are_told(app, wait_for):
    app.send_message("archive", "of an earlier test")
    app.put_object("photos", "of an earlier test", "?")

    app.reset()

    assert messages(app, "Archive") == []
    assert app.client("s3").list_objects_v2(Bucket=app.physical_id("photos"))["KeyCount"] == 0
    assert app.invocations() == []
    wait_for(lambda: "of+an+earlier+test" in str(messages(app, "Deleted")), "the removal's own event")


def test_a_topic_and_the_default_bus_are_told_of_objects_too(app, send):
    mark = app.mark()
    send("photo", "told/dog.jpg")
    send("photo", "bus/dog.jpg")
    (noted,) = app.wait_for("noted", where=lambda one: "told/dog.jpg" in one.response, since=mark)
    (shown,) = app.wait_for("shown", since=mark)

    record = json.loads(noted.response)["Records"][0]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "told/dog.jpg")
    assert (shown.event["source"], shown.event["detail-type"]) == ("aws.s3", "Object Created")
    assert (shown.response, shown.trigger.label) == ("bus/dog.jpg", "bus account/photos")


def test_messages_of_a_fifo_topic_keep_their_order_on_the_way_to_the_consumer(app, send):
    mark = app.mark()
    texts = [f"sale {number}" for number in range(4)]
    for text in texts:
        send("ledger", {"text": text, "kind": "sale"})
        send("ledger", {"text": f"not {text}", "kind": "gift"})
    app.wait_for("book", where=lambda one: texts[-1] in one.response, since=mark)

    seen = app.seen("book", since=mark)
    assert [text for one in seen for text in one.response] == texts
    assert seen[0].event["Records"][0]["attributes"]["MessageGroupId"] == "all"


def test_one_event_reaches_every_kind_of_target_in_its_own_form(app, send):
    mark = app.mark()
    send("order.copied", {"total": 7})

    (audited,) = app.wait_for("audited", since=mark)
    (relayed,) = app.wait_for("relayed", since=mark)
    (streamed,) = app.wait_for("streamed", since=mark)
    (queued,) = app.wait_for("queued", since=mark)

    assert (audited.event["source"], audited.response) == ("shop.web", 7)
    assert audited.trigger.label == "bus audit/order-copied"
    assert relayed.response == {"total": 7, "what": "copy"}
    assert streamed.response == [["7", "order.copied"]]
    assert queued.response == [{"total": 7, "what": "copy"}]


MATCHING = {
    "text": "Shop-42",
    "number": 42,
    "nothing": None,
    "nested": {"there": 0},
    "address": "10.0.0.7",
    "tags": ["a", "b"],
}
OTHER = {
    "text": "Bar-1",
    "number": 7,
    "nothing": "something",
    "nested": {"elsewhere": 0},
    "gone": "no",
    "address": "10.0.1.7",
    "tags": ["c"],
}


def test_every_operator_of_a_pattern_lets_through_what_it_says(app, send):
    operators = re.findall(r'^    "([a-z-]+)": {"', (app.root / "app.py").read_text(), re.MULTILINE)
    mark = app.mark()
    send("order.matched", OTHER)
    send("order.matched", MATCHING)

    seen = app.wait_for("matched", count=len(operators), since=mark)

    assert sorted(one.response for one in seen) == sorted(operators)
    assert len(operators) == 15


def test_kept_events_are_put_on_the_bus_again(app, send, wait_for):
    began, mark = datetime.now(UTC) - timedelta(seconds=1), app.mark()
    send("order.cancelled", {"total": "kept"})
    app.wait_for("cancelled", where=lambda one: one.response == {"total": "kept"}, since=mark)
    name = f"again-{mark}"
    events = app.aws("events")
    events.start_replay(
        ReplayName=name,
        EventSourceArn=app.output("Kept"),
        EventStartTime=began,
        EventEndTime=datetime.now(UTC) + timedelta(seconds=1),
        Destination={"Arn": app.output("Bus")},
    )
    _, again = app.wait_for(
        "cancelled", where=lambda one: one.response == {"total": "kept"}, count=2, since=mark
    )
    wait_for(lambda: events.describe_replay(ReplayName=name)["State"] == "COMPLETED", "the end of the replay")

    assert again.event["replay-name"] == name


@pytest.fixture
def lower_bars(app):
    """An update of all filters, rules and notifications; undone at the end."""
    changes = {
        '"numeric": [">", 1000]': '"numeric": [">", 10]',
        '"prefix": "in/"': '"prefix": "new/"',
        '"prefix": "told/"': '"prefix": "tell/"',
        '"prefix": "bus/"': '"prefix": "car/"',
        '"kind": ["sale"]': '"kind": ["gift"]',
        '"what": "copy"': '"what": "second copy"',
        '"partition_key": "$.detail.total"': '"partition_key": "$.source"',
        'audit.subscribe("order.copied"': 'audit.subscribe("order.changed"',
        '"pattern": {"detail_type": "order.copied"}': '"pattern": {"detail_type": "order.changed"}',
    }
    with app.updated(changes) as mark:
        yield mark


@pytest.mark.usefixtures("lower_bars")
def test_rules_notifications_and_filters_follow_an_update(app, send):
    mark = app.mark()
    send("order", {"id": "updated", "total": 20})
    send("order.placed", {"total": 21})
    send("photo", "in/dog.jpg")
    send("photo", "new/dog.jpg")

    assert [order_of(seen) for seen in app.wait_for("orders.large", since=mark)] == ["updated"]
    assert [seen.response for seen in app.wait_for("shop.large", since=mark)] == [21]
    (seen,) = app.wait_for("shrink", since=mark)
    assert seen.event["Records"][0]["s3"]["object"]["key"] == "new/dog.jpg"

    for key in ("told/cat.jpg", "tell/cat.jpg", "bus/cat.jpg", "car/cat.jpg"):
        send("photo", key)
    send("ledger", {"text": "a sale", "kind": "sale"})
    send("ledger", {"text": "a gift", "kind": "gift"})
    send("order.copied", {"total": 8})
    send("order.changed", {"total": 9})
    (noted,) = app.wait_for("noted", since=mark)
    (shown,) = app.wait_for("shown", since=mark)
    (booked,) = app.wait_for("book", since=mark)
    (streamed,) = app.wait_for("streamed", since=mark)

    assert json.loads(noted.response)["Records"][0]["s3"]["object"]["key"] == "tell/cat.jpg"
    assert (shown.response, booked.response) == ("car/cat.jpg", ["a gift"])
    assert streamed.response == [["shop.web", "order.changed"]]
    assert [one.response for one in app.wait_for("audited", since=mark)] == [9]
    assert [one.response for one in app.wait_for("queued", since=mark)] == [
        [{"total": 9, "what": "second copy"}]
    ]
    assert [one.response for one in app.wait_for("relayed", since=mark)] == [
        {"total": 9, "what": "second copy"}
    ]
