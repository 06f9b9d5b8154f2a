"""A worker of its own process, for tests that kill or freeze it: the URL and its name as arguments.

It says `ready`, `answering` when it begins to answer, and `done` after a run. With a third argument it waits for a byte
on its standard input before its first answer. Its answers are its name.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Executable

from console import failpoint
from console.db.engine import Database, WriteTx
from console.db.rows import Result
from console.domain.agent import Published
from console.domain.run import Answer, AnswerKind, RunState
from console.ids import RunId, WorkspaceId
from console.services.answers import Answers, Wait
from console.worker.worker import run_worker


class Named:
    """Answers with its name, at once or when the gate is open."""

    def __init__(self, name: str, gate: asyncio.Event) -> None:
        self._name = name
        self._gate = gate

    async def answer(self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Any]) -> Answer:
        _say("answering")
        await self._gate.wait()
        return Answer(AnswerKind.EXTRACTIVE, self._name, (), 0.9, 0.5, None, {"question": "q"})


class Telling(Answers):
    """Says `done` after each run, however it ended."""

    async def run(self, workspace_id: WorkspaceId, run_id: RunId) -> RunState | Wait | None:
        try:
            return await super().run(workspace_id, run_id)
        finally:
            _say("done")


async def _no_crawl(_workspace_id: WorkspaceId, _id: UUID) -> None:
    return


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def _passed(point: str) -> None:
    failpoint.hit(point)


class _Watched(Database):
    """Tells when all of the publishing transaction is written, and nothing of it committed."""

    @asynccontextmanager
    async def write(self, workspace_id: UUID | None) -> AsyncIterator[WriteTx]:
        async with super().write(workspace_id) as tx:
            execute = tx.execute

            async def watched(statement: Executable | str, **params: Any) -> Result:
                result = await execute(statement, **params)
                if "publish_answer" in str(statement):
                    failpoint.hit("counted")
                return result

            tx.execute = watched  # type: ignore[method-assign]
            yield tx

    async def write_once(self, workspace_id: UUID | None, statement: str, **params: Any) -> Result:
        # Its statement and its COMMIT apart: the server itself knows a moment between them.
        async with self.write(workspace_id) as tx:
            return await tx.execute(statement, **params)


def _open(gate: asyncio.Event) -> None:
    os.read(0, 1)
    asyncio.get_running_loop().remove_reader(0)
    gate.set()


async def main(url: str, name: str, *gated: str) -> None:
    gate = asyncio.Event()
    if gated:
        asyncio.get_running_loop().add_reader(0, _open, gate)
    else:
        gate.set()
    db = _Watched(url, pool_size=5)
    answers = Telling(db, Named(name, gate), checkpoint=_passed)
    await run_worker(db, url, answers, _no_crawl, stop=asyncio.Event(), ready=lambda: _say("ready"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
