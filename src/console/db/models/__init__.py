"""The ORM models, one module an area, in the shape that `sql/` gives the tables."""

from __future__ import annotations

from console.db.models.agents import Agent, AgentSource, AgentVersion
from console.db.models.audit import AuditEvent, AuditHead, AuditText
from console.db.models.conversations import (
    Contact,
    Conversation,
    ConversationEvent,
    ConversationRead,
    Draft,
    Message,
)
from console.db.models.identity import User, UserSession, Workspace, WorkspaceUser
from console.db.models.knowledge import Chunk, CrawlRun, Document, Embedding, EmbeddingModel, Source
from console.db.models.review import GapOccurrence, KnowledgeGap
from console.db.models.runs import Run, RunEvent
from console.db.models.usage import UsageEvent

__all__ = [
    "Agent",
    "AgentSource",
    "AgentVersion",
    "AuditEvent",
    "AuditHead",
    "AuditText",
    "Chunk",
    "Contact",
    "Conversation",
    "ConversationEvent",
    "ConversationRead",
    "CrawlRun",
    "Document",
    "Draft",
    "Embedding",
    "EmbeddingModel",
    "GapOccurrence",
    "KnowledgeGap",
    "Message",
    "Run",
    "RunEvent",
    "Source",
    "UsageEvent",
    "User",
    "UserSession",
    "Workspace",
    "WorkspaceUser",
]
