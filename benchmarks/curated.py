"""What a curated answer costs, word for word: from the question to the row, as the runtime looks it up.

Floor: the same row by its key, in a transaction of the same form. Beside it, the same on the driver alone.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count

import psycopg

from benchmarks.common import interleaved, report
from benchmarks.desk import Desk, desk
from console.ai.embedder import MiniLm
from console.db.begin import begin, for_driver
from console.db.engine import Database
from console.domain.agent import Published
from console.ids import AgentId, VersionId, new_id
from console.services.curated_match import CuratedAnswers
from console.services.curated_rows import EXACT, hashed

QUESTIONS = 2000
"""So many questions has the version that answers."""
ANSWER = "We ship within the United States only. " * 5


async def fill(db: Database, seated: Desk) -> Published:
    """A version of the agent with curated answers, without the publish around it."""
    version, answer = VersionId(new_id()), new_id()
    async with db.write(seated.workspace_id) as tx:
        agent = await tx.scalar("SELECT id FROM agents WHERE workspace_id = :ws LIMIT 1")
        await tx.execute(
            "INSERT INTO curated_answers (workspace_id, id, agent_id, questions, answer)"
            " VALUES (:ws, :id, :agent, '[]', :answer)",
            id=answer, agent=agent, answer=ANSWER,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO agent_versions (workspace_id, id, agent_id, number, snapshot, content_hash)"
            " VALUES (:ws, :id, :agent, 999, '{}', '')",
            id=version, agent=agent,
        )  # fmt: skip
        await tx.many(
            "INSERT INTO agent_version_answers (workspace_id, agent_version_id, normalised_hash, curated_answer_id,"
            " question, answer) VALUES (%(ws)s, %(version)s, %(hash)s, %(id)s, %(question)s, %(answer)s)",
            [
                {"ws": seated.workspace_id, "version": version, "hash": hashed(question(n)), "id": answer,
                 "question": question(n), "answer": ANSWER}
                for n in range(QUESTIONS)
            ],
        )  # fmt: skip
    return Published(AgentId(agent), version, 999, "Help", 0.5, None, {"curated_answers": [{}]})


def question(number: int) -> str:
    """One of the questions."""
    return f"do you ship parcel number {number} outside the US?"


async def measure(seated: Desk, rounds: int) -> None:
    db, turn = Database(seated.urls.app), count()
    published = await fill(db, seated)
    curated, keys = CuratedAnswers(db, MiniLm()), [hashed(question(n)) for n in range(QUESTIONS)]
    opening, bare = begin(seated.workspace_id, read_only=True).encode(), for_driver(EXACT).encode()
    fixed = {"ws": seated.workspace_id, "version": published.version_id}

    async def hit() -> None:
        found = await curated.find(seated.workspace_id, published, f"Hello, {question(next(turn) % QUESTIONS)}", {})
        assert found is not None
        assert found.is_exact

    async def lookup() -> None:
        async with db.read(seated.workspace_id) as tx:
            assert await tx.row(EXACT, hash=keys[next(turn) % QUESTIONS], **fixed) is not None

    async with await psycopg.AsyncConnection.connect(seated.urls.app, autocommit=True) as link:

        async def driver() -> None:
            await link.execute(opening, prepare=False)
            found = await link.execute(bare, {"hash": keys[next(turn) % QUESTIONS], **fixed})
            assert await found.fetchone() is not None
            await link.execute("ROLLBACK")

        await interleaved(rounds // 10, hit=hit, lookup=lookup, driver=driver)
        ms = await interleaved(rounds, hit=hit, lookup=lookup, driver=driver)
    report(ms=ms, ratio=ms["hit"] / ms["lookup"], promised=1.2, to_driver=ms["hit"] / ms["driver"])
    await db.close()


def main() -> None:
    with desk(100) as seated:
        asyncio.run(measure(seated, int(sys.argv[1]) if len(sys.argv) > 1 else 1000))


if __name__ == "__main__":
    main()
