"""1,000 requests, 50 at once, while the handler is saved every second. Right or wrong, then how fast.

Every request carries a number of its own and must get it back (none mixed), every request must get an answer (none lost), and
a request that started after the session had announced an edit must not be answered by older code (never backwards). While all
environments are busy there is no separate announcement that new code is ready: the next free one has it.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from string import Template

from benchmarks import handlers
from benchmarks.client import Client, until_answers
from benchmarks.context import Context
from benchmarks.measure import Bar, Result
from benchmarks.sessions import Session
from benchmarks.single_function import serving

REQUESTS, AT_ONCE = 1000, 50
ECHO = Template("""\
import json
import time

import boto3

client = boto3.client("dynamodb", region_name="us-east-1")
VERSION = $version


def index(event, context):
    # Long enough for the thousand to see several saves.
    time.sleep(0.1)
    number = event["queryStringParameters"]["number"] if event.get("queryStringParameters") else None
    return {"statusCode": 200, "body": json.dumps({"version": str(VERSION), "number": number})}
""")


@dataclass(frozen=True, kw_only=True)
class Answer:
    number: int
    started: float
    milliseconds: float
    status: int
    body: dict[str, str]


def measure(context: Context) -> list[Result]:
    with serving(context.folder / "sundog") as served:
        handlers.save(served.handler_file, ECHO, 1)
        until_answers(served.url, handlers.answer(1), deadline_seconds=30)
        ready: list[tuple[float, int]] = [(time.time(), 1)]
        over = threading.Event()
        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            saver = pool.submit(_save_every_second, served.session, served.handler_file, ready, over)
            answers = list(pool.map(lambda number: _ask(served.url, number), range(REQUESTS)))
            over.set()
            saver.result()
    bars = _bars(answers, ready)
    notes = (
        f"{len(ready) - 1} saves, {len({answer.body.get('version') for answer in answers})} versions answered"
    )
    times = [answer.milliseconds for answer in answers]
    return [
        Result(number="concurrent_saves", subject="sundog", unit="ms", samples=times, bars=bars, notes=notes)
    ]


def _ask(url: str, number: int) -> Answer:
    client = Client(f"{url}?number={number}", timeout=30)
    started, clock = time.time(), time.perf_counter()
    try:
        status, body = client.get()
        text = body.decode("utf-8", "replace")
    except ConnectionError as error:
        status, text = 0, json.dumps({"lost": str(error)})
    finally:
        client.close()
    elapsed = (time.perf_counter() - clock) * 1000
    decoded = json.loads(text) if text.startswith("{") else {"text": text}
    return Answer(number=number, started=started, milliseconds=elapsed, status=status, body=decoded)


def _bars(answers: list[Answer], ready: list[tuple[float, int]]) -> list[Bar]:
    lost = [answer for answer in answers if answer.status != 200]
    mixed = [
        answer for answer in answers if answer.status == 200 and answer.body["number"] != str(answer.number)
    ]
    backwards = [
        answer
        for answer in answers
        if answer.status == 200
        and int(answer.body["version"]) < max(version for at, version in ready if at <= answer.started)
    ]
    return [
        Bar(text=f"none lost: {len(lost)} of {len(answers)}{_example(lost)}", holds=not lost),
        Bar(text=f"none mixed: {len(mixed)}", holds=not mixed),
        Bar(text=f"versions never backwards: {len(backwards)}", holds=not backwards),
    ]


def _example(answers: list[Answer]) -> str:
    return f", for example {answers[0].status} {answers[0].body}" if answers else ""


def _save_every_second(
    session: Session, file: Path, ready: list[tuple[float, int]], over: threading.Event
) -> None:
    version = 1
    while not over.wait(1):
        version += 1
        saved = time.time()
        handlers.save(file, ECHO, version)
        _wait_until_announced(session, version, saved)
        ready.append((time.time(), version))


def _wait_until_announced(session: Session, version: int, saved: float) -> None:
    """Wait for the session's word that it has seen the edit."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if any(event["type"] == "FilesChanged" and event["at"] >= saved for event in session.events()):
            return
        time.sleep(0.01)
    raise TimeoutError(f"version {version} was not announced; the session's log is {session.log}")
