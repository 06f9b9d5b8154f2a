"""A search sees the tenant's own visible chunks, and only those of the agent's sources."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from console.ai.embedder import MiniLm
from console.db.engine import Database
from console.db.vectors import PgVectors
from console.domain.actor import Actor
from console.errors import InvalidInputError, NotFoundError
from console.ids import ChunkId, SourceId, WorkspaceId, new_id
from console.services.search import CANDIDATES, Search
from console.services.sources import Sources
from tests.services.knowledge_support import HashEmbedder, add_folder, crawl, write_articles
from tests.world import World, make_world

ARTICLES = {
    "returns": "Items can be sent back within 30 days. Refunds reach your card five days after we have the parcel.",
    "shipping": "Standard shipping takes three to five days. Express parcels arrive on the next working day.",
    "password": "To reset a forgotten password, open the sign-in page and choose the link for a new password.",
    "wholesale": "Companies that order more than one hundred pieces get a discount of twelve percent.",
}
MODEL = MiniLm(intra_op_num_threads=1)
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for name, text in ARTICLES.items():
        (tmp_path / f"{name}.md").write_text(f"# All about {name}\n\n{text}\n", encoding="utf-8")
    return tmp_path


async def learn(db: Database, actor: Actor, folder: Path) -> SourceId:
    source = await Sources(db).add(actor, "folder", str(folder))
    await crawl(db, actor, source, MODEL)
    return source.id


async def found(db: Database, world: World, query: str, k: int = 10) -> list[str]:
    result = await Search(db, MODEL).search(world.member, "assistant", query, k)
    return [passage.uri for passage in result.passages]


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("how long until I get my money back", "returns.md"),
        ("I forgot my password", "password.md"),
        ("is there express delivery?", "shipping.md"),
        ("discount for a big order of my company", "wholesale.md"),
    ],
)
async def test_the_right_article_comes_first(db: Database, docs: Path, question: str, article: str) -> None:
    world = await make_world(db)
    await learn(db, world.admin, docs)
    assert (await found(db, world, question))[0] == article


async def test_a_search_gives_what_was_asked_for_and_says_where_it_stood(db: Database, docs: Path) -> None:
    world = await make_world(db)
    await learn(db, world.admin, docs)
    result = await Search(db, MODEL).search(world.viewer, "assistant", "reset password", 2)
    assert len(result.passages) == 2
    best = result.passages[0]
    assert (best.uri, best.title, best.dense_rank, best.text_rank) == ("password.md", "All about password", 1, 1)
    assert best.score > result.passages[1].score
    assert result.ms > 0


async def test_another_tenant_is_never_seen(db: Database, docs: Path) -> None:
    world, other = await make_world(db), await make_world(db)
    await learn(db, world.admin, docs)
    assert await found(db, other, "reset a forgotten password") == []
    search = Search(db, MODEL)
    vector = await search.ask(world.workspace_id, "password")
    async with db.read(world.workspace_id) as tx:
        foreign = await tx.scalar("SELECT id FROM sources WHERE workspace_id = :ws")
        chunk = await tx.scalar("SELECT id FROM chunks WHERE workspace_id = :ws LIMIT 1")
    assert await search.passages(other.workspace_id, (foreign,), "password", vector) == ()
    with pytest.raises(NotFoundError):
        await search.explain(other.member, "assistant", "password", chunk)


async def test_only_the_sources_of_the_live_version_answer(
    db: Database, docs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = await make_world(db)
    first = await learn(db, world.admin, docs)
    secret = tmp_path_factory.mktemp("secret")
    (secret / "cost.md").write_text("# Password costs\n\nA forgotten password costs the company four euros.")
    second = await learn(db, world.admin, secret)
    search = Search(db, MODEL)
    vector = await search.ask(world.workspace_id, "forgotten password")
    for allowed, uris in (
        ((first,), {"password.md"}),
        ((second,), {"cost.md"}),
        (None, {"password.md", "cost.md"}),
        ((), set()),
    ):
        passages = await search.passages(world.workspace_id, allowed, "forgotten password", vector)
        assert {p.source_id for p in passages} == (set(allowed) if allowed is not None else {first, second})
        assert uris <= {p.uri for p in passages}
    await _publish(db, world, [first])
    assert "cost.md" not in await found(db, world, "what does a forgotten password cost")
    async with db.read(world.workspace_id) as tx:
        chunk = await tx.scalar("SELECT id FROM chunks WHERE workspace_id = :ws AND source_id = :id", id=second)
    why = await search.explain(world.member, "assistant", "forgotten password", chunk)
    assert not why.found
    assert "is not among those of version 2 of the agent" in why.reason


async def test_only_the_visible_generation_answers(db: Database, docs: Path) -> None:
    """A staged chunk is not found by either search, nor is an old one."""
    world = await make_world(db)
    await learn(db, world.admin, docs)
    staged = await _stage_by_hand(db, world.workspace_id, "A zebra reset its password in the zoo.")
    search = Search(db, MODEL)
    for question in ("zebra zoo", "A zebra reset its password in the zoo."):
        result = await search.search(world.member, "assistant", question, 100)
        assert staged not in {p.chunk_id for p in result.passages}
    why = await search.explain(world.member, "assistant", "zebra zoo", staged)
    assert why.reason.startswith("not visible")
    assert why.cosine is not None


async def test_explain_tells_the_rank(db: Database, docs: Path) -> None:
    world = await make_world(db)
    await learn(db, world.admin, docs)
    search = Search(db, MODEL)
    all_found = (await search.search(world.member, "assistant", "password", 100)).passages
    for rank, passage in enumerate(all_found, 1):
        why = await search.explain(world.member, "assistant", "password", passage.chunk_id, k=1)
        assert (why.found, why.rank) == (rank == 1, rank)
        assert why.score == pytest.approx(passage.score)
        assert why.reason == ("" if rank == 1 else f"ranked {rank}, and only 1 were asked for")
    with pytest.raises(NotFoundError, match="no chunk"):
        await search.explain(world.member, "assistant", "password", ChunkId(new_id()))


async def test_what_is_no_question_is_refused(db: Database) -> None:
    world = await make_world(db)
    with pytest.raises(InvalidInputError, match="empty query"):
        await found(db, world, " \n")
    with pytest.raises(NotFoundError, match="no agent"):
        await Search(db, MODEL).search(world.member, "nobody", "x")


HOSTILE = [
    "\x00",
    "\ud800",
    "'",
    "\\",
    "a\\' | !b",
    "it's & | ! <-> :* (",
    "x" * 100_000,
    "é" * 9000,
    "''''",
    "%s :ws {k}",
]


async def test_hostile_queries_do_not_fail(db: Database, docs: Path) -> None:
    world = await make_world(db)
    await learn(db, world.admin, docs)
    for query in HOSTILE:
        await found(db, world, query)


async def test_naughty_strings_do_not_fail(db: Database, tmp_path: Path) -> None:
    naughty = SHARED / "blns" / "blns.json"
    if not naughty.exists():
        pytest.skip("the list of naughty strings is in ../shared/data, which is not here")
    world = await make_world(db)
    strings = json.loads(naughty.read_text(encoding="utf-8"))
    (tmp_path / "naughty.txt").write_text("\n\n".join(strings), encoding="utf-8")
    source = await Sources(db).add(world.admin, "folder", str(tmp_path))
    await crawl(db, world.admin, source)
    search = Search(db, HashEmbedder())
    for text in strings:
        if text.strip():
            await search.search(world.member, "assistant", text)
    assert len(strings) > 500


async def test_a_large_tenant_is_searched_by_the_index_and_finds_the_same(db: Database, tmp_path: Path) -> None:
    """The approximate search agrees with the exact one, and keeps to the tenant among others."""
    world, other = await make_world(db), await make_world(db)
    write_articles(tmp_path, [f"topic{number}" for number in range(60)])
    for one in (world, other):
        await add_folder(db, one.admin, tmp_path)
    exact, index = PgVectors(exact_below=10**6), PgVectors(exact_below=1)
    hits = wanted = 0
    for seed in range(20):
        vector = HashEmbedder().embed([f"question {seed}"])[0]
        async with db.read(world.workspace_id) as tx:
            best = await exact.nearest(tx, HashEmbedder.model.name, vector, sources=None, k=10)
        async with db.read(world.workspace_id) as tx:
            near = await index.nearest(tx, HashEmbedder.model.name, vector, sources=None, k=10)
        assert len(near) == 10
        assert [one.cosine for one in near] == sorted((one.cosine for one in near), reverse=True)
        hits += len({one.chunk_id for one in best} & {one.chunk_id for one in near})
        wanted += 10
    assert hits / wanted > 0.9


async def test_the_vectors_are_those_that_were_stored(db: Database, docs: Path) -> None:
    world = await make_world(db)
    await learn(db, world.admin, docs)
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows(
            "SELECT c.text, e.embedding::text AS vector FROM chunks c"
            " JOIN embeddings e ON e.workspace_id = c.workspace_id AND e.chunk_id = c.id WHERE c.workspace_id = :ws"
        )
    assert len(rows) == len(ARTICLES)
    for row in rows:
        stored = np.array(json.loads(row.vector))
        assert stored.shape == (384,)
        assert abs(np.linalg.norm(stored) - 1) < 1e-3
        assert float(stored @ MODEL.embed([row.text])[0]) > 0.8


def test_both_searches_bring_fifty() -> None:
    assert CANDIDATES == 50


async def _publish(db: Database, world: World, sources: list[SourceId]) -> None:
    snapshot = json.dumps({"name": "Assistant", "sources": [str(id) for id in sources]})
    async with db.write(world.workspace_id) as tx:
        version = new_id()
        await tx.execute(
            "INSERT INTO agent_versions (workspace_id, id, agent_id, number, snapshot, content_hash)"
            " VALUES (:ws, :id, :agent, 2, cast(:snapshot AS jsonb), '')",
            id=version, agent=world.agent_id, snapshot=snapshot,
        )  # fmt: skip
        await tx.execute("UPDATE agents SET published_version_id = :v WHERE workspace_id = :ws", v=version)


async def _stage_by_hand(db: Database, workspace_id: WorkspaceId, text: str) -> ChunkId:
    chunk = ChunkId(new_id())
    async with db.write(workspace_id) as tx:
        document = await tx.row("SELECT id, source_id, generation FROM documents WHERE workspace_id = :ws LIMIT 1")
        assert document is not None
        await tx.execute(
            "INSERT INTO chunks (workspace_id, id, document_id, source_id, generation, ordinal, text, hash,"
            " token_count, tsv)"
            " VALUES (:ws, :id, :document, :source, :generation, 0, :text, '', 9, to_tsvector('english', :text))",
            id=chunk, document=document.id, source=document.source_id, generation=document.generation + 1, text=text,
        )  # fmt: skip
        await PgVectors().add(tx, MODEL.model.name, [(chunk, MODEL.embed([text])[0])])
    assert isinstance(document.id, UUID)
    return chunk
