"""What a queue is measured at: its messages by kind, and the age of the oldest."""

from __future__ import annotations

from sundog.aws.embedded.launcher.mends.queue_measures import arrivals, numbers

NOW = 1_000_000.0
AGE = "ApproximateAgeOfOldestMessage"


def message(sent, **more):
    return {"sent_at": NOW - sent, "visible_at": NOW - sent, "receive_count": 0, **more}


def queue(*messages, **more):
    return {"name": "queue", "attributes": {}, "messages": list(messages), **more}


def measured(one):
    arrivals(one, NOW)
    return numbers(one, NOW)


def test_messages_are_visible_received_or_delayed():
    received, delayed = {"visible_at": NOW + 9, "receive_count": 1}, {"visible_at": NOW + 9}

    found = measured(queue(message(5), message(5, **received), message(5, **delayed)))

    assert found == {
        "ApproximateNumberOfMessagesVisible": 1,
        "ApproximateNumberOfMessagesNotVisible": 1,
        "ApproximateNumberOfMessagesDelayed": 1,
        AGE: 5,
    }


def test_an_empty_queue_is_measured_too():
    assert set(measured(queue()).values()) == {0}


def test_messages_that_are_no_longer_kept_do_not_count():
    kept_a_minute = {"MessageRetentionPeriod": "60"}

    found = measured(queue(message(61), message(7), attributes=kept_a_minute))

    assert (found["ApproximateNumberOfMessagesVisible"], found[AGE]) == (1, 7)


def test_a_message_that_was_moved_is_as_old_as_its_move_and_was_not_sent():
    moved = message(900, visible_at=NOW - 4, receive_count=5, sys={"DeadLetterQueueSourceArn": "arn:of:it"})
    moved["noticed"] = {"in": "source", "since": NOW - 900, "received": 0}
    dead = queue(moved)

    assert arrivals(dead, NOW) == []
    assert numbers(dead, NOW)[AGE] == 4


def test_a_message_is_sent_once_however_often_the_queue_is_looked_at():
    one = queue(message(3))

    assert (arrivals(one, NOW), arrivals(one, NOW)) == ([NOW - 3], [])


def test_a_message_that_comes_back_again_and_again_is_not_the_oldest():
    poison, fresh = message(800), message(6)
    standard, fifo = queue(dict(poison), fresh), queue(dict(poison), fresh, is_fifo=True)
    for one in (standard, fifo):
        arrivals(one, NOW)
        one["messages"][0]["receive_count"] = 3

    assert (numbers(standard, NOW)[AGE], numbers(fifo, NOW)[AGE]) == (6, 800)
