"""Sources, documents, chunks and their vectors."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, SmallInteger, cast, column, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from console.db.models.columns import Empty, Key, List, Map, Now, Zero, default
from console.db.scope import Base, BelongsToWorkspace, tenant_key


class Source(Base, BelongsToWorkspace):
    """A place that knowledge comes from."""

    __tablename__ = "sources"
    id: Mapped[Key]
    kind: Mapped[str]
    name: Mapped[str]
    uri: Mapped[str]
    config: Mapped[Map]
    credentials_sealed: Mapped[bytes | None]
    schedule: Mapped[str | None]
    status: Mapped[str] = default("pending")
    error: Mapped[Empty]
    synced_at: Mapped[datetime | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="sources_workspace"),
        tenant_key("sources_creator", "created_by_user_id", "workspace_users.user_id"),
        Index("sources_uri", "workspace_id", "kind", "uri", unique=True),
    )


class CrawlRun(Base, BelongsToWorkspace):
    """One attempt to bring a source up to date, with its counts."""

    __tablename__ = "crawl_runs"
    id: Mapped[Key]
    source_id: Mapped[UUID]
    state: Mapped[str] = default("queued")
    attempt: Mapped[Zero]
    lease_token: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    documents_total: Mapped[Zero]
    documents_done: Mapped[Zero]
    documents_unchanged: Mapped[Zero]
    documents_failed: Mapped[Zero]
    documents_skipped: Mapped[Zero]
    skipped: Mapped[List]
    chunks: Mapped[Zero]
    chunks_total: Mapped[Zero]
    error: Mapped[Empty]
    waits: Mapped[Zero]
    not_before: Mapped[datetime | None]
    created_at: Mapped[Now]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    __table_args__ = (
        tenant_key("crawl_runs_source", "source_id", "sources.id", ondelete="CASCADE"),
        Index(
            "crawl_runs_active",
            "workspace_id",
            "source_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("crawl_runs_source", "workspace_id", "source_id", "id"),
    )


class Document(Base, BelongsToWorkspace):
    """One page or file of a source; `generation` is the one that searches see, 0 means none yet."""

    __tablename__ = "documents"
    id: Mapped[Key]
    source_id: Mapped[UUID]
    uri: Mapped[str]
    title: Mapped[Empty]
    excerpt: Mapped[Empty]
    content: Mapped[Empty]
    content_hash: Mapped[bytes | None]
    generation: Mapped[Zero]
    status: Mapped[str] = default("pending")
    error: Mapped[Empty]
    media_type: Mapped[Empty]
    fetch_metadata: Mapped[Map]
    fetched_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        tenant_key("documents_source", "source_id", "sources.id", ondelete="CASCADE"),
        Index("documents_uri", "workspace_id", "source_id", "uri", unique=True),
    )


class Chunk(Base, BelongsToWorkspace):
    """A passage of a document in one generation of it."""

    __tablename__ = "chunks"
    id: Mapped[Key]
    document_id: Mapped[UUID]
    source_id: Mapped[UUID]
    generation: Mapped[int]
    ordinal: Mapped[int]
    text: Mapped[str]
    heading_path: Mapped[Empty]
    hash: Mapped[bytes]
    token_count: Mapped[int]
    tsv: Mapped[str] = mapped_column(TSVECTOR)
    created_at: Mapped[Now]
    __table_args__ = (
        tenant_key("chunks_document", "document_id", "documents.id", ondelete="CASCADE"),
        tenant_key("chunks_source", "source_id", "sources.id", ondelete="CASCADE"),
        Index("chunks_document", "workspace_id", "document_id", "generation", "ordinal", unique=True),
        Index("chunks_source", "workspace_id", "source_id"),
        Index("chunks_tsv", "tsv", postgresql_using="gin"),
    )


class EmbeddingModel(Base):
    """A model that makes vectors, the same for every workspace."""

    __tablename__ = "embedding_models"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    dimensions: Mapped[int]
    provider: Mapped[str]
    __table_args__ = (Index("embedding_models_name", "name", unique=True),)


def _nearest(model: int, dimensions: int) -> Index:
    return Index(
        f"embeddings_hnsw_{model}",
        cast(column("embedding"), HALFVEC(dimensions)).label("vector"),
        postgresql_using="hnsw",
        postgresql_ops={"vector": "halfvec_cosine_ops"},
        postgresql_where=text(f"model_id = {model}"),
    )


class Embedding(Base, BelongsToWorkspace):
    """A chunk's vector by one model, or how far it has come."""

    __tablename__ = "embeddings"
    chunk_id: Mapped[Key]
    model_id: Mapped[int] = mapped_column(
        SmallInteger, ForeignKey("embedding_models.id", name="embeddings_model"), primary_key=True
    )
    embedding: Mapped[Any | None] = mapped_column(HALFVEC)
    status: Mapped[str] = default("pending")
    attempts: Mapped[Zero]
    error: Mapped[Empty]
    embedded_at: Mapped[datetime | None]
    __table_args__ = (
        tenant_key("embeddings_chunk", "chunk_id", "chunks.id", ondelete="CASCADE"),
        _nearest(1, 384),
        _nearest(2, 1536),
    )
