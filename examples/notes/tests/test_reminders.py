import pytest
from sundog_runtime import resources

UNKNOWN = "01KB0000000000000000000000"


def test_a_reminder_goes_through_the_queue_and_marks_the_note(api, note, sundog_app):
    mark = sundog_app.mark()
    path = f"/notes/{note['noteId']}/reminders"

    assert api("POST", path) == (202, {"noteId": note["noteId"], "delaySeconds": 0})

    sent = sundog_app.wait_for_invocation("send", since=mark)
    assert sent.response == {"batchItemFailures": []}
    assert sent.logs == ["reminder for ada: Buy milk"]
    key = {"userId": "ada", "noteId": note["noteId"]}
    assert "remindedAt" in resources.notes.table.get_item(Key=key)["Item"]


def test_a_reminder_can_be_asked_for_in_some_seconds(api, note, sundog_app):
    path = f"/notes/{note['noteId']}/reminders"

    assert api("POST", path, {"delaySeconds": 900})[1]["delaySeconds"] == 900

    waiting = sundog_app.client("sqs").get_queue_attributes(
        QueueUrl=resources.reminders.queue_url, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert waiting["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "1"}


@pytest.mark.parametrize("delay", [-1, 901, "5", 1.5, True])
def test_a_wrong_delay_is_answered_with_400(api, note, delay):
    assert api("POST", f"/notes/{note['noteId']}/reminders", {"delaySeconds": delay})[0] == 400


@pytest.mark.parametrize("note_id", [UNKNOWN, "nonsense"])
def test_no_reminder_of_an_unknown_note(api, note_id):
    assert api("POST", f"/notes/{note_id}/reminders")[0] == 404


def test_a_reminder_of_a_deleted_note_is_dropped(fresh_sundog_app):
    app = fresh_sundog_app

    assert app.invoke("send", app.saved_event("reminder-messages")) == {"batchItemFailures": []}


@pytest.mark.parametrize("body", ["not JSON", "{}", "[]", '{"userId": "ada"}'])
def test_only_the_message_that_is_wrong_is_delivered_again(sundog_app, body):
    event = sundog_app.saved_event("reminder-messages")
    event["Records"].append({**event["Records"][0], "messageId": "wrong", "body": body})

    assert sundog_app.invoke("send", event) == {"batchItemFailures": [{"itemIdentifier": "wrong"}]}
