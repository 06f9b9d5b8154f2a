"""What an endpoint reads to embed pages and questions is counted once, priced, and refused where no tokens are left."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.ai.endpoint_embedder import EndpointEmbedder
from console.db.engine import Database
from console.domain.model import ModelDefaults
from console.domain.run import RunState
from console.errors import OverQuotaError
from console.ids import DocumentId, SourceId, new_id
from console.services.answers import Answers
from console.services.crawl_lease import Crawl
from console.services.embedding_usage import DocumentUsage
from console.services.ingest import BATCH
from console.services.rollups import roll_up
from console.services.search import Search
from console.services.sources import Sources
from console.services.takeover import Takeover
from console.services.usage import Usage
from tests.ai.endpoint import DIMENSIONS, EMBEDDING_MODEL, FakeEndpoint, reply, rows, status
from tests.ai.house import MODEL, QUESTION, House, defaults, models, open_house
from tests.services.knowledge_support import crawl
from tests.services.quota_support import counters, limit
from tests.world import make_world

EVENTS = "SELECT * FROM usage_events WHERE workspace_id = :ws ORDER BY id"
PAGE = "# Page {0}\n\nThis is what stands on page {0}.\n"


@pytest.fixture
def found(endpoint: FakeEndpoint) -> ModelDefaults:
    return defaults(endpoint, embedding=EMBEDDING_MODEL)


async def new_house(db: Database, gateway_db: Database, found: ModelDefaults) -> House:
    return House(db, gateway_db, await make_world(db), models(db, found))


async def read(house: House, pages: Path) -> Any:
    """Add or sync the folder and work it off, as a worker does; the source as it is then."""
    sources, admin = Sources(house.db), house.world.admin
    there = await sources.list(admin)
    source = there[0] if there else await sources.add(admin, "folder", str(pages))
    if there:
        await sources.sync(admin, source.id)
    await crawl(house.db, admin, source, await house.models.embedder(house.world.workspace_id, MODEL))
    return await sources.show(admin, source.id)


async def tokens(house: House) -> tuple[int, int]:
    """Used and reserved; what the counters say is what the events say."""
    assert all(drift.ok for drift in await Usage(house.db).drift(house.world.owner))
    return (await counters(house.db, house.world)).get("tokens month", (0, 0))


async def test_a_sync_counts_each_document_that_it_embeds_once(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house, endpoint.embedding_tokens = await new_house(db, gateway_db, found), 150_000
    for name in "ab":
        (tmp_path / f"{name}.md").write_text(PAGE.format(name))
    await read(house, tmp_path)
    events = await house.rows(EVENTS)
    assert [(e.metric, e.model, e.quantity, e.tokens_in, e.tokens_out, float(e.cost_usd)) for e in events] == [
        ("embeddings", EMBEDDING_MODEL, 1, 150_000, 0, 0.003)
    ] * 2
    assert await tokens(house) == (300_000, 0)
    await read(house, tmp_path)
    assert await tokens(house) == (300_000, 0)
    (tmp_path / "b.md").write_text(PAGE.format("b") + "And more.\n")
    await read(house, tmp_path)
    assert await tokens(house) == (450_000, 0)
    (model,) = (await Usage(db).report(house.world.viewer)).models
    assert (model.name, model.total.tokens, float(model.total.cost_usd), model.priced) == (
        EMBEDDING_MODEL, 450_000, 0.009, True,
    )  # fmt: skip


async def test_a_document_counted_again_is_counted_once(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults
) -> None:
    house, document = await new_house(db, gateway_db, found), DocumentId(new_id())
    crawl = Crawl(house.world.workspace_id, new_id(), SourceId(new_id()), "folder", "", {}, new_id(), 60.0)
    usage = DocumentUsage(db, crawl, await house.models.embedder(house.world.workspace_id, MODEL))
    await usage.embedded(["a word"])
    for _ in range(2):  # the first COMMIT seemed to break
        async with db.write(house.world.workspace_id) as tx:
            await usage.count(tx, document)
    assert await tokens(house) == (5, 0)


async def test_a_short_question_costs_what_its_price_says(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path, found=found)
    endpoint.says, endpoint.embedding_tokens = lambda _body: reply("30 days.", 1), 7
    await house.ask(QUESTION)
    answer, embedding = (await house.rows(EVENTS))[-2:]
    assert embedding.cost_usd == Decimal("0.00000014")
    assert (await house.last_run()).cost_usd == answer.cost_usd
    await roll_up(db, house.world.workspace_id)
    sums = "SELECT sum(cost_usd) FROM usage_rollups WHERE grain = 'day' UNION SELECT sum(cost_usd) FROM usage_events"
    assert len(await house.rows(sums)) == 1


async def test_a_document_that_fails_half_way_has_used_its_tokens(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house = await new_house(db, gateway_db, found)
    (tmp_path / "a.md").write_text("\n".join(f"# Part {n}\n\n{'word ' * 200}\n" for n in range(BATCH + 1)))
    endpoint.script = [rows(*[[0.5] * DIMENSIONS] * BATCH), status(401)]
    (document,) = (await read(house, tmp_path)).documents
    assert document.status == "failed"
    assert [(e.quantity, e.tokens_in) for e in await house.rows(EVENTS)] == [(BATCH, 5)]
    assert await tokens(house) == (5, 0)


async def test_a_sync_stops_where_no_tokens_are_left(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house, endpoint.embedding_tokens = await new_house(db, gateway_db, found), 95
    await limit(db, house.world, "tokens", 100)
    for name in "abc":
        (tmp_path / f"{name}.md").write_text(PAGE.format(name))
    source = await read(house, tmp_path)
    assert len(endpoint.calls) == 1
    why = "the limit of 100 tokens a month is reached; it begins anew at "
    assert source.source.error.startswith(why)
    states = [(str(one.uri), one.status, one.error[: len(why)]) for one in source.documents]
    assert sorted(states) == [("a.md", "ready", ""), ("b.md", "failed", why)]
    await limit(db, house.world, "tokens", 0)
    (tmp_path / "b.md").unlink()
    (tmp_path / "c.md").unlink()
    assert (await read(house, tmp_path)).source.status == "ready"  # what is unchanged needs no tokens
    plain = House(db, gateway_db, house.world, models(db, ModelDefaults()))
    assert (await read(plain, tmp_path)).source.status == "ready"  # nor does the packaged model
    assert len(endpoint.calls) == 1


async def test_a_question_is_counted_under_its_run(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path, found=found)
    before, _ = await tokens(house)
    endpoint.says = lambda _body: reply("30 days.", 1)
    await house.ask(QUESTION)
    run = await house.last_run()
    answer, embedding = (await house.rows(EVENTS))[-2:]
    assert (answer.metric, answer.tokens_in, embedding.tokens_in) == ("answers", 1000, 5)
    assert embedding.idempotency_key == f"embeddings:{run.id}"
    assert (embedding.agent_id, embedding.conversation_id) == (run.agent_id, run.conversation_id)
    assert await tokens(house) == (before + 1205, 0)


@pytest.mark.parametrize("estimated", [True, False])
async def test_a_superseded_answer_and_a_failed_one_have_read_their_question(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path, *, estimated: bool
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path, found=found)
    before, _ = await tokens(house)
    talk = await house.talk()
    await talk.say(QUESTION)
    run = await house.last_run()

    async def claim(point: str) -> None:
        if point == "answered":
            await Takeover(db).claim(house.world.member, talk.id)

    options = {"estimate": house.answering.estimate} if estimated else {}
    answers = Answers(db, house.answering, checkpoint=claim, **options)
    assert await answers.run(house.world.workspace_id, run.id) is RunState.SUPERSEDED
    assert await tokens(house) == (before + 1205, 0)
    endpoint.script = [rows([0.5] * DIMENSIONS), status(401)]
    await house.ask(QUESTION)
    assert (await house.last_run()).state == "failed"
    assert await tokens(house) == (before + 1210, 0)


async def test_trying_a_search_is_counted_and_refused_where_no_tokens_are_left(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults, tmp_path: Path
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path, found=found)
    search, before = Search(db, MODEL, models=house.models), (await tokens(house))[0]
    passage = (await search.search(house.world.viewer, "assistant", QUESTION)).passages[0]
    await search.explain(house.world.viewer, "assistant", QUESTION, passage.chunk_id)
    assert await tokens(house) == (before + 10, 0)
    calls = len(endpoint.calls)
    endpoint.script = [status(401)]
    with pytest.raises(Exception, match="refuses the key"):
        await search.search(house.world.viewer, "assistant", QUESTION)
    assert await tokens(house) == (before + 10, 0)  # given back
    await limit(db, house.world, "tokens", 0)
    with pytest.raises(OverQuotaError, match="begins anew at"):
        await search.search(house.world.viewer, "assistant", QUESTION)
    assert len(endpoint.calls) == calls + 1
    assert (await Search(db, MODEL).search(house.world.viewer, "assistant", QUESTION)).passages  # costs none


async def test_a_model_without_a_price_costs_nothing_and_says_so(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, found: ModelDefaults
) -> None:
    house = await new_house(db, gateway_db, found)
    async with db.read(house.world.workspace_id) as tx:
        prices = {row.model for row in await tx.rows("SELECT model FROM model_prices")}
    assert EMBEDDING_MODEL in prices
    embedder = await house.models.embedder(house.world.workspace_id, MODEL)
    assert isinstance(embedder, EndpointEmbedder)
    assert embedder.price is not None
    nameless = House(db, gateway_db, house.world, models(db, defaults(endpoint, embedding="of-ours")))
    unknown = await nameless.models.embedder(house.world.workspace_id, MODEL)
    assert isinstance(unknown, EndpointEmbedder)
    assert unknown.price is None
