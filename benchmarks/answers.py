"""Answers a second through the whole path: gateway's service, queue, worker, search, extractive answer, publish.

Ceiling: the embedder alone on the very texts that these answers made it embed, one after the other, in turn with them.
What it does on all cores is told too: nothing else could run beside it there.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice

from benchmarks.common import report, scratch_server
from console.ai.embedder import Embedder, MiniLm, Vectors
from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from console.demo.content import WORKSPACES
from console.demo.load import load_workspace
from console.demo.visitors import scripts
from console.domain.actor import Actor
from console.ids import WorkspaceId
from console.services import Services
from console.services.answering import Answering
from console.services.answers import Answers
from console.services.ingest import run_crawl
from console.services.search import Search
from console.services.visitors import Visitors
from console.worker.lanes import ANSWERS_AT_ONCE
from console.worker.worker import run_worker

LOOK_SECONDS = 0.05
ROUNDS = 2
AT_ONCE = 12
"""Visitors who wait for an answer at the same time."""

SPACE = WORKSPACES[0]


class Recording:
    """An embedder that remembers what it was asked, and for how long it worked."""

    def __init__(self, inner: Embedder) -> None:
        self.inner, self.model, self.batches = inner, inner.model, list[list[str]]()
        self.on = False

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.on:
            self.batches.append(list(texts))
        return self.inner.embed(texts)

    def count_tokens(self, text: str) -> int:
        return self.inner.count_tokens(text)


def alone(embedder: Embedder, batches: Sequence[Sequence[str]], threads: int) -> float:
    """Seconds for all of it, with nothing else to do."""
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        list(pool.map(embedder.embed, batches))
        return time.perf_counter() - started


@dataclass
class Visits:
    """Visitors who come, ask, and wait; one look for all of them tells how many have been answered."""

    db: Database
    visitors: Visitors
    workspace_id: WorkspaceId
    key: str
    asked: int = 0

    async def all(self, questions: Sequence[str]) -> None:
        """Ask these, so many at once, until the last one is answered."""
        left, before = list(questions), self.asked
        while left or await self.answered() < self.asked:
            while left and self.asked - await self.answered() < AT_ONCE:
                begun = await self.visitors.start(self.key, {})
                await self.visitors.send(begun.visitor_token, begun.conversation_id, left.pop(), key="1")
                self.asked += 1
            await asyncio.sleep(LOOK_SECONDS)
        assert self.asked - before == len(questions)

    async def answered(self) -> int:
        """How many answers there are."""
        found = await self.db.read_once(self.workspace_id, "SELECT count(*) FROM messages WHERE role = 'assistant'")
        return int(found.rows[0][0])


async def prepared(services: Services, gateway_db: Database, embedder: Embedder) -> tuple[Actor, str]:
    """The retailer's workspace with all that it knows; its owner, and its agent's key."""
    agent = await load_workspace(services, gateway_db, SPACE, lambda _line: None)
    signed = await services.auth.login(SPACE.members[0].email, "demo-password")
    owner = await services.auth.resume(signed.token)
    async with services.db.read(owner.workspace_id) as tx:
        run = await tx.scalar("SELECT id FROM crawl_runs WHERE workspace_id = :ws AND state = 'queued'")
    await run_crawl(services.db, owner.workspace_id, run, embedder)
    return owner, agent.public_key


async def one_round(visits: Visits, embedder: Recording, questions: Sequence[str]) -> tuple[float, ...]:
    """Seconds, and processor seconds, of these answers, and then of the embedder alone."""
    before = len(embedder.batches)
    started, busy = time.perf_counter(), time.process_time()
    await visits.all(questions)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    alone_busy = time.process_time()
    ceiling = await asyncio.to_thread(alone, embedder.inner, embedder.batches[before:], 1)
    return seconds, busy, ceiling, time.process_time() - alone_busy


async def measure(urls: ServerUrls, count: int) -> None:
    db, gateway_db = Database(urls.app), Database(urls.gateway, pool_size=AT_ONCE)
    services, embedder = Services(db, urls.app), Recording(MiniLm(intra_op_num_threads=1))
    owner, key = await prepared(services, gateway_db, embedder)
    answering = Answering(Search(db, embedder, models=services.models), embedder, services.models)
    stop, ready = asyncio.Event(), asyncio.Event()
    visits = Visits(gateway_db, Visitors(gateway_db), owner.workspace_id, key)
    questions = list(islice(cycle([one.messages[0] for one in scripts(SPACE.slug) if one.article]), count))

    async def no_crawl(_workspace_id: WorkspaceId, _id: object) -> None:
        return

    working = asyncio.create_task(
        run_worker(db, urls.app, Answers(db, answering), no_crawl, stop=stop, ready=ready.set)
    )
    await ready.wait()
    async with Notifier(gateway_db, urls.gateway):
        await visits.all(questions[:5])
        embedder.on = True
        each = [await one_round(visits, embedder, questions[at::ROUNDS]) for at in range(ROUNDS)]
        embedder.on = False
    stop.set()
    await working
    seconds, busy, ceiling, alone_busy = (sum(values) for values in zip(*each, strict=True))
    everywhere = await asyncio.to_thread(alone, embedder.inner, embedder.batches, ANSWERS_AT_ONCE)
    report(
        answers_a_second=count / seconds, embedder_alone=count / ceiling, ratio=ceiling / seconds,
        ratios=[round(one[2] / one[0], 2) for one in each],
        embedder_on_all_cores=count / everywhere, promised=0.7,
        texts_an_answer=sum(map(len, embedder.batches)) / count, batches_an_answer=len(embedder.batches) / count,
        cpu_ms_an_answer={"worker, visitors and embedder": 1000 * busy / count, "embedder": 1000 * alone_busy / count},
    )  # fmt: skip
    await db.close()
    await gateway_db.close()


def main() -> None:
    with scratch_server() as urls:
        asyncio.run(measure(urls, int(sys.argv[1]) if len(sys.argv) > 1 else 120))


if __name__ == "__main__":
    main()
