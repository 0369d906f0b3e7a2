from __future__ import annotations

import asyncio
import base64
import json
import urllib.error
import urllib.request

import pytest

from .conftest import Live, function

pytestmark = pytest.mark.anyio

CONTEXT = """
import os
def handler(event, context):
    client = context.client_context
    return {
        "request": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "left": context.get_remaining_time_in_millis(),
        "tenant": context.tenant_id,
        "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
        "client": client and [client.custom, client.env, client.client.app_title, client.client.installation_id],
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }
"""


async def test_context_has_all_that_lambda_gives(live: Live) -> None:
    await live.handler(CONTEXT, timeout_seconds=7)
    answer = await live.answer(
        request_id="r-1",
        function_arn="arn:aws:lambda:us-east-1:000000000000:function:local-app-f:live",
        trace_id="Root=1-2-3",
        client_context=json.dumps(
            {"custom": {"a": "ü"}, "env": {"b": "2"}, "client": {"app_title": "T", "installation_id": "I"}},
            indent=1,
        ),
        cognito_identity=json.dumps({"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}),
    )
    left, stream = answer.pop("left"), answer.pop("stream")

    assert answer == {
        "request": "r-1",
        "arn": "arn:aws:lambda:us-east-1:000000000000:function:local-app-f:live",
        "name": "local-app-f",
        "version": "$LATEST",
        "memory": "512",
        "group": "/aws/lambda/local-app-f",
        "tenant": None,
        "identity": ["i", "p"],
        "client": [{"a": "ü"}, {"b": "2"}, "T", "I"],
        "trace": "Root=1-2-3",
    }
    assert 6000 < left <= 7000
    assert "/[$LATEST]" in stream


async def test_context_without_client_and_identity_is_as_on_lambda(live: Live) -> None:
    await live.handler(CONTEXT)
    answer = await live.answer()

    assert answer["client"] is None
    assert answer["identity"] == [None, None]
    assert answer["trace"].startswith("Root=1-")


async def test_environment_is_the_functions_own(live: Live) -> None:
    live.write("app.py", "import os\ndef handler(event, context):\n    return dict(os.environ)\n")
    await live.serve(
        function("app.handler", "f", environment={"TABLE": "notes", "AWS_ACCESS_KEY_ID": "leaked"}),
        function("app.handler", "g"),
    )
    first, second = await live.answer(name="f"), await live.answer(name="g")

    assert first["TABLE"] == "notes"
    assert "TABLE" not in second
    assert "AWS_ACCESS_KEY_ID" not in first
    assert first["_HANDLER"] == "app.handler"
    assert first["AWS_REGION"] == "us-east-1"
    assert first["LAMBDA_TASK_ROOT"] == str(live.root)
    assert first["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert first["TZ"] == ":UTC"
    assert "VIRTUAL_ENV" not in first
    assert "PYTHONPATH" not in first


async def test_botocore_in_a_worker_gets_its_own_roles_credentials(live: Live) -> None:
    live.write(
        "app.py",
        "import botocore.session\ndef handler(event, context):\n"
        "    found = botocore.session.get_session().get_credentials()\n"
        "    frozen = found.get_frozen_credentials()\n"
        "    return [found.method, frozen.access_key, frozen.secret_key, frozen.token]\n",
    )
    await live.serve(function("app.handler", "f"), function("app.handler", "g"))
    answers = [await live.answer(name="f"), await live.answer(name="g")]

    assert answers == [
        ["container-role", "KEY-f", "secret", "token"],
        ["container-role", "KEY-g", "secret", "token"],
    ]


async def test_credentials_are_refused_without_the_token(live: Live) -> None:
    await live.handler(
        "import os, urllib.request, urllib.error\ndef handler(event, context):\n    try:\n"
        "        urllib.request.urlopen(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'])\n"
        "    except urllib.error.HTTPError as error:\n        return error.code\n"
    )

    assert await live.answer() == 401


async def test_decimals_bytes_and_non_ascii_come_back_as_from_lambda(live: Live) -> None:
    await live.handler(
        "from decimal import Decimal\ndef handler(event, context):\n"
        "    return {'price': Decimal('1.10'), 'big': Decimal('12345678901234567890123'), 'text': 'ü'}\n"
    )
    result = await live.invoke()

    assert b'"price": 1.10' in result.payload
    assert b'"big": 12345678901234567890123' in result.payload
    assert json.loads(result.payload)["text"] == "ü"


async def test_log_tail_is_cloudwatchs(live: Live) -> None:
    await live.handler("print('importing')\ndef handler(event, context):\n    print('hello')\n")
    cold = (await live.invoke(request_id="r-1")).log_tail.decode().splitlines()
    warm = (await live.invoke(request_id="r-2")).log_tail.decode().splitlines()

    assert cold[:4] == ["START RequestId: r-1 Version: $LATEST", "importing", "hello", "END RequestId: r-1"]
    assert cold[4].startswith("REPORT RequestId: r-1\tDuration: ")
    assert "\tMemory Size: 512 MB\tMax Memory Used: " in cold[4]
    assert "\tInit Duration: " in cold[4]
    assert warm[:3] == ["START RequestId: r-2 Version: $LATEST", "hello", "END RequestId: r-2"]
    assert "Init Duration" not in warm[3]


async def test_direct_bridge_runs_an_event_and_checks_the_token(live: Live) -> None:

    await live.handler(
        "def handler(event, context):\n    print('seen')\n    return [event, context.client_context.custom]\n"
    )

    def post(token: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(
            live.session.direct_url,
            data=b'{"a":1}',
            headers={
                "X-Sundog-Token": token,
                "X-Amzn-Lambda-Function-Name": "local-app-f",
                "X-Amzn-Lambda-Function-Arn": "arn:f",
                "X-Amzn-Lambda-Request-Id": "r-9",
                "X-Amzn-Lambda-Deadline-Ms": "1",
                "X-Sundog-Client-Context": base64.b64encode(b'{"custom":{"x":1}}').decode(),
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    status, headers, body = await asyncio.to_thread(post, live.session.token)
    wrong, _, _ = await asyncio.to_thread(post, "wrong")
    page, _, _ = await asyncio.to_thread(post, live.session.token, Origin="http://evil.example")
    rebound, _, _ = await asyncio.to_thread(post, live.session.token, Host="evil.example")

    assert (status, json.loads(body)) == (200, [{"a": 1}, {"x": 1}])
    assert b"seen\nEND RequestId: r-9" in base64.b64decode(headers["X-Amz-Log-Result"])
    assert (wrong, page, rebound) == (403, 403, 403)


async def test_reserved_concurrency_throttles(live: Live) -> None:

    await live.handler(
        "import time\ndef handler(event, context):\n    time.sleep(0.3)\n    return 1\n",
        reserved_concurrency=1,
    )
    results = await asyncio.gather(*(live.invoke() for _ in range(3)))

    assert sorted(result.throttled for result in results) == [False, True, True]


async def test_a_folder_with_requirements_of_its_own_is_the_root_of_its_handlers(live: Live) -> None:
    code = "import os\nfrom shared import NAME\n\n\ndef take(event, context):\n    return [NAME, os.environ['_HANDLER'], os.environ['LAMBDA_TASK_ROOT']]\n"
    shared = live.write("functions/shared.py", "NAME = 'first'\n")
    live.write("functions/orders.py", code)
    await live.serve(function("functions/orders.take", source="functions"))

    assert await live.answer() == ["first", "orders.take", str(live.root / "functions")]

    live.write("functions/shared.py", "NAME = 'second'\n")
    live.session.changed(frozenset({shared}))

    assert (await live.answer())[0] == "second"
