"""Knowledge embedded by an endpoint: found by it, and what is no vector is never stored."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.ai.breaker import Breakers
from console.db.engine import Database
from console.domain.model import ModelDefaults
from console.ids import SourceId
from console.services.ingest import run_crawl
from console.services.search import Search
from console.services.sources import Sources
from console.services.sweep import untaken_crawls
from tests.ai.endpoint import DIMENSIONS, EMBEDDING_MODEL, Act, FakeEndpoint, html, reply, rows, slow, status
from tests.ai.house import MODEL, QUESTION, House, defaults, models, open_house, with_models
from tests.world import make_world

GOOD = [0.5] * DIMENSIONS


@pytest.fixture
def found(endpoint: FakeEndpoint) -> ModelDefaults:
    return defaults(endpoint, embedding=EMBEDDING_MODEL)


async def test_pages_and_questions_are_embedded_by_the_endpoint(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path, found=found)
    kept = await house.rows("SELECT model_id, vector_dims(embedding) AS d FROM embeddings WHERE workspace_id = :ws")
    assert {(row.model_id, row.d) for row in kept} == {(2, DIMENSIONS)}
    result = await Search(db, MODEL, models=house.models).search(house.world.member, "assistant", QUESTION)
    assert (result.passages[0].uri, result.passages[0].dense_rank) == ("returns.md", 1)
    endpoint.says = lambda _body: reply("30 days.", 1)
    assert (await house.ask(QUESTION))[-1] == ("assistant", "30 days.")
    assert any(call.get("input") == [QUESTION] for call in endpoint.calls)
    await house.ask("which mountain bike has the best brakes in snow?")
    (gap,) = await house.rows(
        "SELECT model_id, vector_dims(embedding) AS d FROM knowledge_gaps WHERE workspace_id = :ws"
    )
    assert (gap.model_id, gap.d) == (1, 384)


async def test_a_sync_after_a_change_of_models_embeds_anew(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path)
    changed = with_models(house, models(db, found))
    (source,) = await Sources(db).list(house.world.admin)
    await Sources(db).sync(house.world.admin, source.id)
    assert await _crawl(changed, source.id)
    kept = await house.rows("SELECT model_id FROM embeddings WHERE workspace_id = :ws")
    assert {row.model_id for row in kept} == {2}


async def _crawl(house: House, source_id: SourceId) -> bool:
    run = await _newest(house, source_id)
    embedder = await house.models.embedder(house.world.workspace_id, MODEL)
    return await run_crawl(house.db, house.world.workspace_id, run.id, embedder)


async def _newest(house: House, source_id: SourceId) -> Any:
    async with house.db.read(house.world.workspace_id) as tx:
        return await tx.row(
            "SELECT * FROM crawl_runs WHERE workspace_id = :ws AND source_id = :id ORDER BY id DESC LIMIT 1",
            id=source_id,
        )


async def _now(db: Database) -> datetime:
    """The time by the database's clock."""
    async with db.read(None) as tx:
        now: datetime = await tx.scalar("SELECT now()")
        return now


async def _new(db: Database, gateway_db: Database, found: ModelDefaults, pages: Path) -> tuple[House, SourceId]:
    """Three pages that nobody has read yet."""
    for name in ("a", "b", "c"):
        (pages / f"{name}.md").write_text(f"# Page {name}\n\nThis is what stands on page {name}.\n")
    world = await make_world(db)
    source = await Sources(db).add(world.admin, "folder", str(pages))
    return House(db, gateway_db, world, models(db, found)), source.id


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (rows([math.nan, *GOOD[1:]]), "zero or not finite"),
        (rows([math.inf, *GOOD[1:]]), "zero or not finite"),
        (rows([0.0] * DIMENSIONS), "zero or not finite"),
        (rows([1e308] * DIMENSIONS), "zero or not finite"),
        (rows([1.0, 2.0]), "shape (1, 2) where (1, 1536) was due"),
        (rows(GOOD, GOOD), "2 vectors for 1 texts"),
        (rows(), "0 vectors for 1 texts"),
        (rows("words"), "no vector"),
        (rows(None), "shape"),
        (rows([["a"]]), "no vector"),
        (html(), "a web page"),
        (status(401), "refuses the key"),
    ],
)
async def test_what_is_no_vector_fails_its_document_only(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path, act: Act, why: str
) -> None:
    house, source = await _new(db, gateway_db, found, tmp_path)
    endpoint.script = [act]
    assert await _crawl(house, source)
    documents = await house.rows("SELECT uri, status, error FROM documents WHERE workspace_id = :ws ORDER BY uri")
    assert [row.status for row in documents] == ["failed", "ready", "ready"]
    assert why in documents[0].error
    kept = await house.rows(
        "SELECT DISTINCT d.uri FROM embeddings e JOIN chunks c ON c.workspace_id = e.workspace_id AND c.id = e.chunk_id"
        " JOIN documents d ON d.workspace_id = c.workspace_id AND d.id = c.document_id WHERE e.workspace_id = :ws"
    )
    assert {row.uri for row in kept} == {"b.md", "c.md"}


@pytest.mark.parametrize("act", [status(429, Retry_After="60"), status(503), slow(30)])
async def test_an_outage_makes_a_document_wait_and_is_tried_again(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path, act: Act
) -> None:
    house, source = await _new(db, gateway_db, found, tmp_path)
    endpoint.script = [act, act]
    begun = await _now(db)
    assert await _crawl(house, source)
    ended = await _now(db)
    shown = {str(d.uri): (d.status, d.error) for d in (await Sources(db).show(house.world.admin, source)).documents}
    waiting = [uri for uri, (state, _) in shown.items() if state == "waiting"]
    assert waiting[0] == "a.md"
    assert shown["a.md"][1].startswith("waiting for the embedding model: ")
    run = await _newest(house, source)
    assert (run.state, run.waits) == ("queued", 1)
    assert begun < run.not_before - timedelta(seconds=15) < ended
    async with db.write(house.world.workspace_id) as tx:
        await tx.execute("UPDATE crawl_runs SET not_before = now() + interval '1 hour' WHERE id = :id", id=run.id)
    assert await untaken_crawls(db, house.world.workspace_id) == []
    assert not await _crawl(house, source)
    await Sources(db).sync(house.world.admin, source)
    assert [id for id, _ in await untaken_crawls(db, house.world.workspace_id)] == [run.id]
    endpoint.script = []
    assert await _crawl(house, source)
    documents = await house.rows("SELECT status, error FROM documents WHERE workspace_id = :ws")
    assert {(row.status, row.error) for row in documents} == {("ready", "")}
    assert (await _newest(house, source)).state == "complete"


async def test_while_the_endpoint_rests_the_others_wait_without_a_call(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house, source = await _new(db, gateway_db, found, tmp_path)
    resting = with_models(house, models(db, found, breakers=Breakers(failures=2)))
    endpoint.script = [status(500)] * 9
    assert await _crawl(resting, source)
    assert len(endpoint.calls) == 2
    states = await house.rows("SELECT DISTINCT status FROM documents WHERE workspace_id = :ws")
    assert [row.status for row in states] == ["waiting"]


async def test_an_unknown_embedding_model_is_one_clear_line(
    db: Database, gateway_db: Database, found: ModelDefaults, tmp_path: Path
) -> None:
    house, source = await _new(db, gateway_db, replace(found, embedding="of-our-own"), tmp_path)
    assert await _crawl(house, source)
    (failed,) = await house.rows("SELECT error FROM sources WHERE workspace_id = :ws")
    assert "the database does not know the embedding model of-our-own" in failed.error


async def test_what_hides_in_a_page_is_not_embedded(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house, source = await _new(db, gateway_db, found, tmp_path)
    (tmp_path / "a.md").write_text("# Page\n\nSeen\U000e0041\u202e\u200b and read.\n")
    assert await _crawl(house, source)
    assert ["Page\nSeen and read."] in [call["input"] for call in endpoint.calls]
