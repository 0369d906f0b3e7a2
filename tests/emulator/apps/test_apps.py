"""The fixtures of this folder, and `sundog.testing` below them: a real event arrives, before and after an update."""

import pytest

from sundog.testing import FunctionFailed
from sundog.testing.names import UnknownPart

pytestmark = pytest.mark.xdist_group("apps-apps")

APP = """
    from sundog import Api, App, Queue

    app = App()


    @app.stack
    def backend(stack):
        orders = Queue(stack, "orders", consumer="functions/orders.take")
        api = Api(stack, "api", bind=[orders], routes={"POST /orders": "functions/orders.place"})
        stack.outputs(ApiUrl=api.url)


    app.synth()
"""

ORDERS = """
    import json

    from sundog_runtime import resources


    def place(event, context):
        order = json.loads(event["body"])
        if not order:
            raise ValueError("an order needs an article")
        resources.orders.client.send_message(QueueUrl=resources.orders.queue_url, MessageBody=json.dumps(order))
        return {"statusCode": 202, "body": event["body"]}


    def take(event, context):
        for record in event["Records"]:
            print("took", record["body"])
        return {"version": 1}
"""


@pytest.fixture(scope="module")
def app(deploy_app):
    return deploy_app(APP, {"functions/orders.py": ORDERS})


@pytest.fixture
def consumer(app):
    return next(one.name for one in app.manifest.functions if one.handler.endswith("take"))


def test_a_request_goes_through_the_queue_to_the_consumer(app, consumer):
    mark = app.mark()

    response = app.request("POST", "/orders", json={"article": "tea"})

    assert (response.status, response.json()) == (202, {"article": "tea"})
    # What another test has ordered may still be under way.
    seen = app.wait_for_invocation(consumer, lambda one: 'took {"article": "tea"}' in one.logs, since=mark)
    assert seen.ok
    assert '{"article": "tea"}' in [record["body"] for record in seen.event["Records"]]
    assert seen.trigger.label == "queue orders"


def test_a_whole_url_is_called_as_it_is(app):
    assert app.request("POST", app.output("ApiUrl") + "/orders", json={"article": "a"}).status == 202


def test_a_function_that_fails_says_so(app):
    place = next(one.name for one in app.manifest.functions if one.handler.endswith("place"))

    with pytest.raises(FunctionFailed, match="an order needs an article") as raised:
        app.invoke(place, {"body": "{}"})

    assert raised.value.error["errorType"] == "ValueError"


def test_an_event_that_never_comes_is_told_with_those_that_did(app, consumer):
    app.invoke(consumer, {"Records": []})

    with pytest.raises(AssertionError, match=r"after 0\.1 s there were 0 of 1 invocations of (?s:.*)Records"):
        app.wait_for_invocation(consumer, lambda one: one.event == "never", timeout=0.1)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda app: app.function("nothing"), "the app has no function `nothing`"),
        (lambda app: app.resource("order"), "the app has no resource `order`"),
        (lambda app: app.send_message("api", "?"), "`api` is an Api, not a Queue"),
        (lambda app: app.url("orders"), "the Queue `orders` has no URL"),
        (lambda app: app.graphql("{ orders }"), "the app has no AppSyncApi"),
        (lambda app: app.template("backed"), "the app has no stack `backed`"),
        (lambda app: app.output("ApiUr"), "the app has no output `ApiUr`"),
    ],
)
def test_a_wrong_name_is_refused_with_the_right_ones(app, ask, message):
    with pytest.raises(UnknownPart, match=message):
        ask(app)


def test_an_update_reaches_handler_and_template(app, consumer):
    assert app.invoke(consumer, {"Records": []}) == {"version": 1}

    app.edit("functions/orders.py", '"version": 1', '"version": 2')
    assert app.invoke(consumer, {"Records": []}) == {"version": 2}

    app.edit("app.py", '"functions/orders.take")', '"functions/orders.take", visibility_timeout=77)')
    app.deploy()
    app.template("backend").has("AWS::SQS::Queue", VisibilityTimeout=77)
    mark = app.mark()
    app.client("sqs").send_message(QueueUrl=app.physical_id("orders"), MessageBody="again")
    app.wait_for_invocation(consumer, lambda one: "took again" in one.logs, since=mark)
