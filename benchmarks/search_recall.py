"""Recall of search on SQuAD 2.0 through the product's own path: folder source, ingest, Postgres, fused search.

Each paragraph is one document under its article's title; a question is right when its own paragraph comes first.
Floors in the same run: dense search alone, full text alone.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common import report, scratch_server
from console.ai.embedder import MiniLm
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.knowledge import Passage
from console.domain.workspace import NewWorkspace
from console.services import Services
from console.services.ingest import run_crawl
from console.services.search import Search

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "squad2"
K = 10


def paragraphs(name: str) -> Iterator[tuple[str, dict[str, object]]]:
    for article in json.loads((DATA / name).read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            yield article["title"].replace("_", " "), paragraph


def write(folder: Path) -> list[tuple[str, str]]:
    """Write every paragraph as a file; returns (question, file name) of the answerable questions."""
    questions = []
    both = [*paragraphs("articles_1_8.json"), *paragraphs("distractor_passages.json")]
    for number, (title, paragraph) in enumerate(both):
        name = f"p{number:05}.md"
        (folder / name).write_text(f"# {title}\n\n{paragraph['context']}\n", "utf-8")
        asked = paragraph.get("qas", [])
        assert isinstance(asked, list)
        questions += [(qa["question"], name) for qa in asked if not qa["is_impossible"]]
    return questions


async def measure(urls: ServerUrls, folder: Path, questions: list[tuple[str, str]]) -> None:
    db, embedder = Database(urls.app), MiniLm()
    services, search = Services(db), Search(db, embedder)
    founded = await services.workspaces.found(
        NewWorkspace(slug="recall", name="Recall", owner_email="r@example.test", owner_name="R",
                     owner_password="benchmark", agent_slug="a", agent_name="A")
    )  # fmt: skip
    workspace_id = founded.workspace.id
    source = await services.sources.add(founded.owner, "folder", str(folder))
    async with db.read(workspace_id) as tx:
        crawl_run = await tx.scalar(
            "SELECT id FROM crawl_runs WHERE workspace_id = :ws AND source_id = :id", id=source.id
        )
    started = time.perf_counter()
    assert await run_crawl(db, workspace_id, crawl_run, embedder)
    ingest_seconds = time.perf_counter() - started
    ranks: dict[str, list[int]] = {"fused": [], "dense": [], "text": []}
    times = []
    for question, name in questions:
        vector = await search.ask(workspace_id, question)
        started = time.perf_counter()
        found = await search.passages(workspace_id, None, question, vector, k=100)
        times.append((time.perf_counter() - started) * 1000)
        for way, ordered in ways(found).items():
            ranks[way].append(next((rank for rank, one in enumerate(ordered, 1) if one.uri.endswith(name)), 0))
    async with db.read(workspace_id) as tx:
        chunks = await tx.scalar("SELECT count(*) FROM chunks WHERE workspace_id = :ws")
    report(
        n=len(questions), chunks=chunks, ingest_chunks_per_second=chunks / ingest_seconds,
        **{way: recall(values) for way, values in ranks.items()},
        ms_p50=statistics.median(times), ms_p95=statistics.quantiles(times, n=20)[-1],
        promised={"fused recall@1": 0.82},
    )  # fmt: skip
    await db.close()


def ways(found: tuple[Passage, ...]) -> dict[str, list[Passage]]:
    """The fused order, and each half alone."""
    return {
        "fused": list(found),
        "dense": sorted((p for p in found if p.dense_rank), key=lambda p: p.dense_rank or 0),
        "text": sorted((p for p in found if p.text_rank), key=lambda p: p.text_rank or 0),
    }


def recall(ranks: list[int]) -> dict[str, float]:
    figures = {f"recall@{k}": sum(0 < rank <= k for rank in ranks) / len(ranks) for k in (1, 5, K)}
    return figures | {"mrr@10": sum(1 / rank for rank in ranks if 0 < rank <= K) / len(ranks)}


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"{DATA} is needed: SQuAD 2.0 is not shipped with this program")
    with scratch_server() as urls, tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(urls, Path(folder), write(Path(folder))))


if __name__ == "__main__":
    main()
