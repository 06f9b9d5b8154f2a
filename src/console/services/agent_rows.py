"""Rows of agents and versions: how a draft is read, stored, hashed and turned into a snapshot."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select

from console.db.engine import ReadTx, WriteTx
from console.db.models.agents import Agent as AgentRow
from console.db.models.agents import AgentVersion
from console.domain.agent import Agent
from console.domain.agent_settings import with_defaults
from console.domain.keys import public_key
from console.domain.names import is_slug
from console.domain.setting_kinds import ALL_SOURCES
from console.errors import ConflictError, NotFoundError, RefusedError
from console.ids import AgentId, VersionId, WorkspaceId, new_id
from console.services.curated_rows import drafted
from console.text import one_line, sanitise

_LISTED = "listed"
_PLAIN = ("name", "description", "visibility", "system_prompt")
_JSON = (
    "guardrails", "behaviour_rules", "capabilities", "ctas",
    "persona", "theme", "model_config", "retrieval_config", "scheduling",
)  # fmt: skip
_INSERT = """
    INSERT INTO agents (workspace_id, id, slug, widget_key, draft_hash, name, description, visibility, system_prompt,
        guardrails, behaviour_rules, capabilities, ctas, persona, theme, model_config, retrieval_config, scheduling)
    VALUES (:ws, :id, :slug, :widget_key, :hash, :name, :description, :visibility, :system_prompt,
        cast(:guardrails AS jsonb), cast(:behaviour_rules AS jsonb), cast(:capabilities AS jsonb), cast(:ctas AS jsonb),
        cast(:persona AS jsonb), cast(:theme AS jsonb), cast(:model_config AS jsonb), cast(:retrieval_config AS jsonb),
        cast(:scheduling AS jsonb))
"""
_UPDATE = """
    UPDATE agents SET draft_revision = draft_revision + 1, draft_hash = :hash, updated_at = now(), name = :name,
        description = :description, visibility = :visibility, system_prompt = :system_prompt,
        guardrails = cast(:guardrails AS jsonb), behaviour_rules = cast(:behaviour_rules AS jsonb),
        capabilities = cast(:capabilities AS jsonb), ctas = cast(:ctas AS jsonb), persona = cast(:persona AS jsonb),
        theme = cast(:theme AS jsonb), model_config = cast(:model_config AS jsonb),
        retrieval_config = cast(:retrieval_config AS jsonb), scheduling = cast(:scheduling AS jsonb)
    WHERE workspace_id = :ws AND id = :id AND draft_revision = :revision RETURNING 1
"""


def agents(tx: ReadTx) -> Select[Any]:
    """Select the workspace's agents, each with the number, hash and time of its live version."""
    columns = [attribute.class_attribute for attribute in AgentRow.__mapper__.column_attrs]
    live = and_(AgentVersion.workspace_id == AgentRow.workspace_id, AgentVersion.id == AgentRow.published_version_id)
    return (
        select(
            *columns,
            AgentVersion.number.label("live_number"),
            AgentVersion.content_hash.label("live_hash"),
            AgentVersion.created_at.label("live_at"),
        )
        .outerjoin_from(AgentRow, AgentVersion, live)
        .where(AgentRow.workspace_id == tx.workspace_id)
    )


async def agent_row(tx: ReadTx, which: AgentId | str, *, lock: bool = False) -> Any:
    """The row of an agent by its id or slug; `NotFoundError` when there is none."""
    found = agents(tx).where(AgentRow.id == await agent_id(tx, which))
    # Not FOR UPDATE: visitors' messages refer to the agent meanwhile.
    row = await tx.row(found.with_for_update(of=AgentRow, key_share=True) if lock else found)
    if row is None:
        raise no_such_agent(which)
    return row


async def agent_id(tx: ReadTx, which: AgentId | str) -> AgentId:
    """An agent's id by its slug (or its id as text); `NotFoundError` when there is none."""
    if isinstance(which, UUID):
        return which
    id: UUID | None = None
    if is_slug(which):
        slug = select(AgentRow.id).where(AgentRow.workspace_id == tx.workspace_id, AgentRow.slug == which)
        id = await tx.one(slug)
    try:
        id = id or UUID(which)
    except ValueError:
        raise no_such_agent(which) from None
    return AgentId(id)


def no_such_agent(which: AgentId | str) -> NotFoundError:
    """The error for an agent that is not there."""
    return NotFoundError(f"there is no agent {one_line(str(which), 80)!r} in this workspace", hint="console agent list")


def to_agent(row: Any) -> Agent:
    """A row of `agents` as a domain object."""
    return Agent(
        id=AgentId(row.id),
        slug=sanitise(row.slug),
        name=one_line(row.name),
        status=row.status,
        draft_revision=row.draft_revision,
        published_version_id=VersionId(row.published_version_id) if row.published_version_id else None,
        published_number=row.live_number,
        published_at=row.live_at,
        changed_since_publish=row.draft_hash != row.live_hash,
        public_key=public_key(WorkspaceId(row.workspace_id), row.widget_key),
    )


async def insert_agent(tx: WriteTx, slug: str, settings: Mapping[str, Any]) -> AgentId:
    """Make an agent with a draft; the slug's uniqueness is the caller's to look at first."""
    id = AgentId(new_id())
    ids = await source_ids(tx, settings)
    digest = content_hash(snapshot_of(settings, ids))
    widget_key = secrets.token_urlsafe(16)
    await tx.execute(_INSERT, id=id, slug=slug, widget_key=widget_key, hash=digest, **_values(settings))
    await _store_sources(tx, id, ids)
    return id


async def store_draft(tx: WriteTx, id: AgentId, settings: Mapping[str, Any], revision: int) -> bool:
    """Replace the draft that has this revision; False when it has another."""
    ids = await source_ids(tx, settings)
    digest = content_hash(snapshot_of(settings, ids, await drafted(tx, id)))
    changed = await tx.scalar(_UPDATE, id=id, revision=revision, hash=digest, **_values(settings))
    if changed:
        await tx.execute("DELETE FROM agent_sources WHERE workspace_id = :ws AND agent_id = :id", id=id)
        await _store_sources(tx, id, ids)
    return bool(changed)


async def draft_settings(tx: ReadTx, row: Any) -> dict[str, Any]:
    """The draft's settings as people edit them: sources by name where the name is unique."""
    settings = with_defaults({name: getattr(row, name) for name in _PLAIN + _JSON})
    if settings["retrieval_config"]["sources"] != ALL_SOURCES:
        settings["retrieval_config"]["sources"] = await _source_names(tx, AgentId(row.id))
    return settings


async def draft_snapshot(tx: ReadTx, row: Any) -> dict[str, Any]:
    """The draft as a version would keep it."""
    settings = await draft_settings(tx, row)
    return snapshot_of(settings, await source_ids(tx, settings), await drafted(tx, AgentId(row.id)))


async def draft_changed(tx: WriteTx, row: Any) -> None:
    """Give the draft of an agent, whose locked `row` was read before its curated answers changed, its new revision."""
    await tx.execute(
        "UPDATE agents SET draft_revision = draft_revision + 1, draft_hash = :hash, updated_at = now()"
        " WHERE workspace_id = :ws AND id = :id",
        id=row.id, hash=content_hash(await draft_snapshot(tx, row)),
    )  # fmt: skip
    tx.hint("agent", row.id)


def snapshot_of(
    settings: Mapping[str, Any], ids: Sequence[UUID] | None, curated: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A version's content: the settings, the ids of its sources (None: all), its curated answers."""
    retrieval = {key: value for key, value in settings["retrieval_config"].items() if key != "sources"}
    return {
        **settings,
        "retrieval_config": retrieval,
        "sources": None if ids is None else sorted(str(id) for id in ids),
        "curated_answers": list(curated),
    }


def content_hash(snapshot: Mapping[str, Any]) -> bytes:
    """SHA-256 of the snapshot's canonical JSON."""
    return hashlib.sha256(json.dumps(snapshot, sort_keys=True, separators=(",", ":")).encode()).digest()


async def source_ids(tx: ReadTx, settings: Mapping[str, Any]) -> list[UUID] | None:
    """The ids of the sources that the settings name, None for all; `RefusedError` for a name of none or of several."""
    named = settings["retrieval_config"]["sources"]
    if named == ALL_SOURCES:
        return None
    query = "SELECT id, name FROM sources WHERE workspace_id = :ws AND (name = ANY (:named) OR id::text = ANY (:named))"
    # Locked where the transaction writes: a source that is being removed can't be chosen.
    rows = await tx.rows(query + " FOR KEY SHARE" * isinstance(tx, WriteTx), named=list(named))
    return sorted({_only(name, [row.id for row in rows if name in {row.name, str(row.id)}]) for name in named})


def _only(name: str, ids: list[UUID]) -> UUID:
    if not ids:
        raise RefusedError(f"there is no source {one_line(name, 80)!r}", hint="console source list")
    if len(ids) > 1:
        raise ConflictError(f"{len(ids)} sources are named {one_line(name, 80)!r}", hint="give the id of one")
    return ids[0]


async def _source_names(tx: ReadTx, id: AgentId) -> list[str]:
    rows = await tx.rows(
        "SELECT s.id, s.name, (SELECT count(*) FROM sources o WHERE o.workspace_id = :ws AND o.name = s.name) AS same"
        " FROM agent_sources a JOIN sources s ON s.workspace_id = a.workspace_id AND s.id = a.source_id"
        " WHERE a.workspace_id = :ws AND a.agent_id = :id ORDER BY s.name, s.id",
        id=id,
    )
    return [row.name if row.same == 1 else str(row.id) for row in rows]


async def _store_sources(tx: WriteTx, id: AgentId, ids: Sequence[UUID] | None) -> None:
    for source in ids or ():
        await tx.execute(
            "INSERT INTO agent_sources (workspace_id, agent_id, source_id) VALUES (:ws, :id, :source)",
            id=id,
            source=source,
        )


def _values(settings: Mapping[str, Any]) -> dict[str, str]:
    retrieval = dict(settings["retrieval_config"])
    retrieval["sources"] = ALL_SOURCES if retrieval["sources"] == ALL_SOURCES else _LISTED
    kept = {**settings, "retrieval_config": retrieval}
    return {name: kept[name] for name in _PLAIN} | {name: json.dumps(kept[name]) for name in _JSON}
