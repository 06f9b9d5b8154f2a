"""Drafts: created, edited under an optimistic lock, and taken to TOML and back."""

from __future__ import annotations

import asyncio

import pytest

from console.db.engine import Database
from console.domain.agent import AgentDraft
from console.domain.agent_settings import check_settings
from console.domain.keys import parse_public_key, parse_visitor_token, public_key, visitor_token
from console.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
)
from console.ids import AgentId, ConversationId, WorkspaceId, new_id
from console.services import audit
from console.services.agent_toml import from_toml, to_toml
from console.services.agents import Agents
from tests.world import World, make_world

NASTY = 'Say """hi""" and \\ "x"\n\nthen\tstop\r\nnow \u202e\u200b\U000e0041 \x1b[31m é "'


async def new_source(db: Database, world: World, name: str) -> str:
    id = new_id()
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "INSERT INTO sources (workspace_id, id, kind, name, uri) VALUES (:ws, :id, 'file', :name, :uri)",
            id=id, name=name, uri=id.hex,
        )  # fmt: skip
    return str(id)


async def created(db: Database, world: World, **settings: object) -> AgentDraft:
    slug = f"a-{new_id().hex[-8:]}"
    return await Agents(db).draft(world.admin, (await Agents(db).create(world.admin, slug, "Help", settings)).id)


async def test_an_agent_is_found_by_slug_and_by_id(db: Database) -> None:
    world = await make_world(db)
    agent = await Agents(db).create(world.admin, "help", "Help")
    assert parse_public_key(agent.public_key)[0] == world.workspace_id
    assert agent.published_version_id is None
    for which in ("help", str(agent.id), agent.id):
        assert (await Agents(db).draft(world.viewer, which)).agent == agent
    assert [a.slug for a in await Agents(db).list(world.viewer)] == ["assistant", "help"]


@pytest.mark.parametrize("which", ["nobody", "", "a b", "\x00", "\udcff", "0" * 32, AgentId(new_id())])
async def test_an_unknown_agent_is_not_found(db: Database, which: str | AgentId) -> None:
    world = await make_world(db)
    with pytest.raises(NotFoundError, match="no agent"):
        await Agents(db).draft(world.admin, which)


async def test_another_tenants_agent_is_not_found(db: Database) -> None:
    mine, theirs = await make_world(db), await make_world(db)
    agent = await Agents(db).create(theirs.admin, "secret", "Secret")
    for which in ("secret", agent.id):
        with pytest.raises(NotFoundError):
            await Agents(db).draft(mine.owner, which)
    with pytest.raises(NotFoundError):
        await Agents(db).edit(mine.owner, agent.id, {"name": "x"}, revision=1)


async def test_a_taken_slug_is_a_conflict_even_in_a_race(db: Database) -> None:
    world = await make_world(db)
    tries = [Agents(db).create(world.admin, "help", "Help") for _ in range(5)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(o).__name__ for o in outcomes) == ["Agent"] + ["ConflictError"] * 4


async def test_only_admins_change_agents_and_denials_are_audited(db: Database) -> None:
    world = await make_world(db)
    draft = await created(db, world)
    for actor in (world.viewer, world.member):
        with pytest.raises(NotAllowedError):
            await Agents(db).create(actor, "more", "More")
        with pytest.raises(NotAllowedError):
            await Agents(db).edit(actor, draft.agent.id, draft.settings, revision=1)
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows("SELECT action, outcome FROM audit_events WHERE workspace_id = :ws ORDER BY seq")
        assert await audit.first_break(tx) is None
    assert [tuple(row) for row in rows] == [
        ("agent.create", "done"), ("agent.create", "denied"), ("agent.edit", "denied"),
        ("agent.create", "denied"), ("agent.edit", "denied"),
    ]  # fmt: skip


async def test_of_two_edits_of_one_revision_the_second_is_refused(db: Database) -> None:
    world = await make_world(db)
    draft = await created(db, world)
    edits = [
        Agents(db).edit(world.admin, draft.agent.id, {**draft.settings, "description": text}, revision=1)
        for text in "abcdef"
    ]
    outcomes = await asyncio.gather(*edits, return_exceptions=True)
    assert sorted(type(o).__name__ for o in outcomes) == ["AgentDraft"] + ["ConflictError"] * 5
    won = next(o for o in outcomes if isinstance(o, AgentDraft))
    now = await Agents(db).draft(world.admin, draft.agent.id)
    assert (now.agent.draft_revision, now.settings) == (2, won.settings)
    with pytest.raises(ConflictError, match="changed by adam since, at"):
        await Agents(db).edit(world.owner, draft.agent.id, draft.settings, revision=1)


async def test_an_edit_that_changes_nothing_is_no_new_revision(db: Database) -> None:
    world = await make_world(db)
    draft = await created(db, world)
    again = await Agents(db).edit(world.admin, draft.agent.id, draft.settings, revision=1)
    assert again.agent.draft_revision == 1


async def test_sources_are_chosen_by_name_and_kept_by_id(db: Database) -> None:
    world = await make_world(db)
    faq, _, twin = [await new_source(db, world, name) for name in ("FAQ", "Twins", "Twins")]
    draft = await created(db, world, retrieval_config={"sources": ["FAQ", twin]})
    assert draft.settings["retrieval_config"]["sources"] == ["FAQ", twin]
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE sources SET name = 'Questions' WHERE workspace_id = :ws AND name = 'FAQ'")
    renamed = await Agents(db).draft(world.admin, draft.agent.id)
    assert renamed.settings["retrieval_config"]["sources"] == ["Questions", twin]
    with pytest.raises(RefusedError, match="no source 'FAQ'"):
        await Agents(db).edit(world.admin, draft.agent.id, draft.settings, revision=1)
    with pytest.raises(ConflictError, match="2 sources"):
        await created(db, world, retrieval_config={"sources": ["Twins"]})
    none = {**draft.settings, "retrieval_config": {"sources": []}}
    emptied = await Agents(db).edit(world.admin, draft.agent.id, none, revision=1)
    assert emptied.settings["retrieval_config"]["sources"] == []
    assert faq


async def test_nasty_text_survives_database_and_document(db: Database) -> None:
    world = await make_world(db)
    draft = await created(
        db, world, system_prompt=NASTY, guardrails=["a\nb", NASTY], persona={"tone": NASTY}, description="d" * 100,
        ctas=[{"label": 'Book "now"', "url": "https://x.test/?a=1"}], theme={"colour": "#00fF7a"},
    )  # fmt: skip
    text = to_toml(draft.settings, draft.agent.slug, draft.agent.draft_revision)
    assert all(character == "\n" or character.isprintable() for character in text)
    edited = from_toml(text)
    assert (edited.settings, edited.revision) == (draft.settings, 1)
    same = await Agents(db).edit(world.admin, draft.agent.id, edited.settings, revision=1)
    assert same.agent.draft_revision == 1


def test_what_is_left_out_takes_its_default() -> None:
    assert from_toml('name = "Help"').settings == check_settings({"name": "Help"})
    assert from_toml('name = "Help"').revision is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "line 1: this is no TOML"),
        ("name = 'a'\nname = 'b'", "line 2: this is no TOML"),
        ("", "name must not be empty"),
        ("name = 3", "line 1: name must be text, not a number"),
        ('name = "a\\nb"', "line 1: name must be one line without control characters"),
        ("name = 'x'\nnme = 'y'", "line 2: nme is no setting"),
        ("name = 'x'\n\n[persona]\n# why\n  tonne = 'y'", "line 5: persona.tonne is no setting"),
        ("name = 'x'\npersona = 3", "line 2: persona must be a table, not a number"),
        ("name = 'x'\n[model_config]\ntemperature = 9", "line 3: model_config.temperature must be a number"),
        ("name = 'x'\n[model_config]\ntemperature = nan", "line 3: model_config.temperature must be a number"),
        ("name = 'x'\n[model_config]\nmax_tokens = true", "line 3: model_config.max_tokens must be a whole number"),
        ("name = 'x'\nretrieval_config.rag = 'yes'", "line 2: retrieval_config.rag must be true or false, not text"),
        ("name = 'x'\n[retrieval_config]\nsources = 'some'", 'line 3: retrieval_config.sources must be "all"'),
        ("name = 'x'\nguardrails = ['a', 3]", "line 2: guardrails must be a list of texts, and a number is in it"),
        ("name = 'x'\nguardrails = 'a'", "line 2: guardrails must be a list of at most 200 texts, not text"),
        ("name = 'x'\n[[ctas]]\nlabel = 'a'", "line 2: ctas must be tables with exactly label and url"),
        ("name = 'x'\nctas = [{label = 'a', url = 'javascript:x'}]", "line 2: ctas must have a url that begins with"),
        ("name = 'x'\nvisibility = 'open'", "line 2: visibility must be one of public, private, hidden"),
        ("name = 'x'\n[theme]\ncolour = 'red'", "line 3: theme.colour must be a colour"),
        ("revision = 'x'\nname = 'x'", "line 1: revision must be a whole number"),
        ('name = "a\\u0000b"', "line 1: name holds a character that can't be stored"),
        ("system_prompt = '" + "x" * 50_001 + "'\nname = 'x'", "line 1: system_prompt has 50,001 characters"),
    ],
)  # fmt: skip
def test_a_bad_document_is_told_by_line_and_key(text: str, told: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        from_toml(text)
    assert caught.value.message.startswith(told)
    assert "\n" not in caught.value.message


def test_keys_carry_their_workspace() -> None:
    workspace, conversation = WorkspaceId(new_id()), ConversationId(new_id())
    assert parse_public_key(public_key(workspace, "Zx_-" * 4)) == (workspace, "Zx_-" * 4)
    token = visitor_token(workspace, conversation, "s" * 43)
    assert parse_visitor_token(token) == (workspace, conversation, "s" * 43)


@pytest.mark.parametrize(
    "text", ["", "pk_", "pk_" + "a" * 22, "vt_" + "a" * 60, "pk_" + "a" * 22 + "é" * 20, "pk_" + "/" * 40,
             "pk_" + "a" * 500, "pk_" + "a" * 40 + "\n", "\x00", "\udcff"],
)  # fmt: skip
def test_a_malformed_key_is_not_found(text: str) -> None:
    with pytest.raises(NotFoundError):
        parse_public_key(text)
    with pytest.raises(NotFoundError):
        parse_visitor_token(text.replace("pk_", "vt_")[:40])
