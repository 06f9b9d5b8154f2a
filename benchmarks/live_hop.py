"""A visitor's message: from the gateway's acknowledgement to the operator's screen, at 1 and at 50 messages a second.

Floor: a bare LISTEN/NOTIFY hop on the same server, and the window (50 ms) and frame (17 ms) that design allows.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from threading import Thread
from typing import Any

import httpx
import psycopg

from benchmarks.common import report
from benchmarks.desk import Desk, desk
from benchmarks.outside import CONSOLE, Program, scratch_home, shown

VISITORS = 15
WINDOW_MS, FRAME_MS = 50.0, 17.0


@dataclass(frozen=True, slots=True)
class Visitor:
    id: str
    token: str

    def say(self, client: httpx.Client, words: str) -> None:
        client.post(
            f"/v1/conversations/{self.id}/messages", json={"content": words},
            headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": words},
        ).raise_for_status()  # fmt: skip


@contextmanager
def gateway(env: dict[str, str]) -> Iterator[httpx.Client]:
    command = [*CONSOLE, "gateway", "--port", "0", "--json"]
    process = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        with httpx.Client(base_url=json.loads(process.stdout.readline())["gateway_url"]) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


def arrive(client: httpx.Client, seated: Desk) -> list[Visitor]:
    """Visitors who wait for a person, so that no answer of the machine comes between."""
    visitors = []
    for _ in range(VISITORS):
        begun = client.post(f"/v1/agents/{seated.widget_key}/conversations", json={}).raise_for_status().json()
        visitors.append(Visitor(begun["conversation_id"], begun["visitor_token"]))
        visitors[-1].say(client, "hello")
    with psycopg.connect(seated.urls.superuser, autocommit=True) as connection:
        connection.execute("UPDATE conversations SET control = 'human', waiting_since = now() WHERE control = 'ai'")
        connection.execute("UPDATE runs SET state = 'cancelled'")
    return visitors


def send(client: httpx.Client, visitors: list[Visitor], rate: float, number: int, acked: dict[str, float]) -> None:
    """Send so many messages at that rate, each with a word of its own, and note when each was acknowledged."""
    started = time.perf_counter()
    for at, visitor in zip(range(number), cycle(visitors)):
        time.sleep(max(0.0, started + at / rate - time.perf_counter()))
        word = f"q{int(rate)}x{at:04}"
        visitor.say(client, word)
        acked[word] = time.perf_counter()


def hops(term: Any, client: httpx.Client, visitors: list[Visitor], rate: float, number: int) -> dict[str, float]:
    """Milliseconds from acknowledgement to bytes on the terminal."""
    acked: dict[str, float] = {}
    term.emulate()
    sender = Thread(target=send, args=(client, visitors, rate, number, acked))
    sender.start()
    until = math.inf
    while time.perf_counter() < until:
        term._read(0.02)  # noqa: SLF001 - its public ways draw the screen meanwhile
        until = until if sender.is_alive() else min(until, time.perf_counter() + 1)
    seen = [when(term.pending, word) for word in acked]
    assert all(seen), "a message never came to the screen"
    delays = [(at - acked[word]) * 1000 for at, word in zip(seen, acked, strict=True)]
    return {"p50": statistics.median(delays), "p95": statistics.quantiles(delays, n=20)[-1], "n": len(delays)}


def when(chunks: list[tuple[float, bytes]], word: str) -> float:
    """When the word was first written, 0 for never."""
    tail, wanted = b"", word.encode()
    for at, data in chunks:
        tail = tail[-20:] + data
        if wanted in tail:
            return at
    return 0.0


async def bare_hop(url: str, number: int = 200) -> dict[str, float]:
    """Milliseconds from NOTIFY to the notification on another connection."""
    delays = []
    connect = psycopg.AsyncConnection.connect
    async with await connect(url, autocommit=True) as here, await connect(url, autocommit=True) as there:
        await there.execute("LISTEN bench")
        for _ in range(number):
            started = time.perf_counter()
            await here.execute("NOTIFY bench")
            _ = [note async for note in there.notifies(timeout=5, stop_after=1)]
            delays.append((time.perf_counter() - started) * 1000)
    return {"p50": statistics.median(delays), "p95": statistics.quantiles(delays, n=20)[-1]}


def main() -> None:
    results: dict[str, Any] = {}
    with desk(100) as seated, scratch_home() as home, gateway(home | seated.env) as client:
        visitors = arrive(client, seated)
        bare = asyncio.run(bare_hop(seated.urls.app))
        with shown(Program(CONSOLE, "hello", seated.env), home) as term:
            for rate, number in ((1, 40), (50, 500)):
                results[f"{rate} a second"] = hops(term, client, visitors, rate, number)
    allowed = bare["p95"] + WINDOW_MS + FRAME_MS
    report(
        ms=results, bare_hop=bare, ratio={name: found["p95"] / allowed for name, found in results.items()},
        promised=1.5, load=os.getloadavg()[0],
    )  # fmt: skip


if __name__ == "__main__":
    main()
