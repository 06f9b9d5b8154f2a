"""A document as a person reads it: its visible passages, in order and by the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.knowledge import Document, Source
from console.errors import NotFoundError
from console.ids import DocumentId, new_id
from console.services import sources
from console.services.sources import Sources
from tests.services.knowledge_support import add_folder, article, crawl, visible, write_articles
from tests.world import World, make_world


@pytest.fixture
async def source(db: Database, world: World, tmp_path: Path) -> Source:
    write_articles(tmp_path, ["apples", "bread"])
    return await add_folder(db, world.admin, tmp_path)


async def first_of(db: Database, actor: Actor, source: Source) -> Document:
    return (await Sources(db).show(actor, source.id)).documents[0]


async def test_passages_come_in_order_and_as_a_search_has_them(db: Database, world: World, source: Source) -> None:
    document = await first_of(db, world.viewer, source)
    text = await Sources(db).document(world.viewer, document.id, limit=100)
    seen = await visible(db, world.workspace_id, source)
    assert [(one.ordinal, one.heading, one.text) for one in text.parts] == [
        (ordinal, heading, words) for uri, ordinal, heading, words in seen if uri == document.uri
    ]
    assert [one.ordinal for one in text.parts] == list(range(document.chunks))
    assert text.document == document
    assert text.document.fetched_at is not None


async def test_pages_have_neither_holes_nor_more_than_is_asked_for(db: Database, world: World, source: Source) -> None:
    document, service = await first_of(db, world.viewer, source), Sources(db)
    whole = (await service.document(world.viewer, document.id, limit=100)).parts
    paged = [
        part
        for first in range(0, document.chunks, 2)
        for part in (await service.document(world.viewer, document.id, first=first, limit=2)).parts
    ]
    assert tuple(paged) == whole
    assert len(whole) > 2
    beyond = await service.document(world.viewer, document.id, first=document.chunks)
    assert (beyond.document.chunks, beyond.parts) == (len(whole), ())


async def test_no_page_is_longer_than_the_most(
    db: Database, world: World, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_PARTS", 2)
    document = await first_of(db, world.viewer, source)
    assert len((await Sources(db).document(world.viewer, document.id, limit=100)).parts) == 2
    assert len((await Sources(db).document(world.viewer, document.id, first=-5, limit=0)).parts) == 1


async def test_what_is_staged_for_later_is_not_shown(db: Database, world: World, source: Source) -> None:
    document = await first_of(db, world.viewer, source)
    before = await Sources(db).document(world.viewer, document.id, limit=100)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(_STAGED, id=new_id(), document=document.id, source=source.id, generation=before.generation + 1)
    assert await Sources(db).document(world.viewer, document.id, limit=100) == before


async def test_a_document_read_again_is_of_another_generation(
    db: Database, world: World, source: Source, tmp_path: Path
) -> None:
    document = await first_of(db, world.viewer, source)
    before = await Sources(db).document(world.viewer, document.id)
    (tmp_path / document.uri).write_text(article("pears", 1))
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source)
    after = await Sources(db).document(world.viewer, document.id)
    assert after.generation > before.generation
    assert all("pears" in part.text for part in after.parts)


async def test_a_document_that_is_gone_from_its_source_has_no_passages(
    db: Database, world: World, source: Source, tmp_path: Path
) -> None:
    document = await first_of(db, world.viewer, source)
    (tmp_path / document.uri).unlink()
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source)
    text = await Sources(db).document(world.viewer, document.id)
    assert (text.document.status, text.document.chunks, text.parts) == ("removed", 0, ())
    assert text.document.error == "no longer at its source"


async def test_what_a_terminal_could_obey_is_made_visible(db: Database, world: World, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text(f"# A\x1b[2J\u202e\n\nwords\x1b]0;t\x07 \u200bhere{' and there' * 40}\n")
    source = await add_folder(db, world.admin, tmp_path)
    document = await first_of(db, world.viewer, source)
    (part,) = (await Sources(db).document(world.viewer, document.id)).parts
    assert not set(f"{part.heading}{part.text}") & set("\x1b\x07\u202e\u200b")
    assert "words␛]0;t␇" in part.text


async def test_another_tenants_document_is_not_there(db: Database, world: World, source: Source) -> None:
    document, stranger = await first_of(db, world.viewer, source), await make_world(db)
    for actor, id in ((stranger.owner, document.id), (world.owner, DocumentId(new_id()))):
        with pytest.raises(NotFoundError, match="there is no document"):
            await Sources(db).document(actor, id)
    assert await denied(db, stranger) == [("source.document", document.id)]


async def denied(db: Database, world: World) -> list[tuple[Any, ...]]:
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows(
            "SELECT action, resource_id FROM audit_events WHERE workspace_id = :ws AND outcome = 'denied'"
        )
    return [tuple(row) for row in rows]


_STAGED = """
    INSERT INTO chunks (workspace_id, id, document_id, source_id, generation, ordinal, text, hash, token_count, tsv)
    VALUES (:ws, :id, :document, :source, :generation, 0, 'staged', '', 1, '')
"""
