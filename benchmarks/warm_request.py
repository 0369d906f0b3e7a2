"""A warm request through the local HTTP API, beside the emulator's own worker and the peers' servers.

What is promised is held against those that give each request a process with the function's own environment (docs/adr/0027-two-bars.md);
the peers that call the handler inside their HTTP server are measured, not matched.

One request at a time, all servers in turns. Each is asked in two ways, because they differ in which they like: over one
connection that is kept alive, and over a new connection per request, as curl does.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace

from benchmarks import handlers
from benchmarks.client import Client, until_answers
from benchmarks.context import Context
from benchmarks.measure import Bar, Result, times_faster
from benchmarks.own_worker import deploy_without_session
from benchmarks.peers import all_peers
from benchmarks.single_function import serving

OWN_WORKER = "the embedded cloud's own worker"
_EDITS = ", edits picked up"


def measure(context: Context) -> list[Result]:
    rounds = max(context.rounds, 100)
    with ExitStack() as stack:
        ours = stack.enter_context(serving(context.folder / "sundog"))
        urls = {"sundog": ours.url, OWN_WORKER: deploy_without_session(ours.session.endpoint_url)}
        for number, peer in enumerate(all_peers(context.home)):
            server = stack.enter_context(peer.serve_fastest(context.folder / f"peer-{number}"))
            urls[peer.name] = server.url
            if peer.serve is not peer.serve_fastest:
                server = stack.enter_context(peer.serve(context.folder / f"editing-{number}"))
                urls[f"{peer.name}{_EDITS}"] = server.url
        for url in urls.values():
            until_answers(url, handlers.answer(0), deadline_seconds=30)
        kept = {name: Client(url) for name, url in urls.items()}
        alive: dict[str, list[float]] = {name: [] for name in urls}
        fresh: dict[str, list[float]] = {name: [] for name in urls}
        for _ in range(rounds):
            for name, url in urls.items():
                alive[name].append(_timed(kept[name]))
                client = Client(url)
                fresh[name].append(_timed(client))
                client.close()
        for client in kept.values():
            client.close()
    return _results(alive, ", kept alive") + _results(fresh, ", new connection")


def _timed(client: Client) -> float:
    started = time.perf_counter()
    status, body = client.get()
    elapsed = (time.perf_counter() - started) * 1000
    if status != 200 or handlers.answer(0) not in body:
        raise ValueError(f"wrong answer {status}: {body!r}")
    return elapsed


def _results(samples: dict[str, list[float]], manner: str) -> list[Result]:
    ours, own_worker, *peers = [
        Result(number="warm_request", subject=name + manner, unit="ms", samples=times)
        for name, times in samples.items()
    ]
    ratio = ours.median / own_worker.median
    bars = [Bar(text=f"≤ 1.5 times {own_worker.subject}: {ratio:.2f} times", holds=ratio <= 1.5)]
    bars += [times_faster(ours, peer, 5) for peer in peers if _EDITS in peer.subject]
    return [replace(ours, bars=bars), own_worker, *peers]
