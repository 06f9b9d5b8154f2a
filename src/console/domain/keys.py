"""Keys that visitors carry: each embeds its workspace's id, so that the tenant is known before anything is read."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from console.errors import NotFoundError
from console.ids import ConversationId, WorkspaceId

_ID = 22
_PUBLIC = re.compile(r"pk_([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{8,64})", re.ASCII)
_VISITOR = re.compile(r"vt_([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{16,128})", re.ASCII)


def public_key(workspace_id: WorkspaceId, widget_key: str) -> str:
    """The key of an agent's widget: no secret, it stands in web pages."""
    return f"pk_{_packed(workspace_id)}{widget_key}"


def parse_public_key(text: str) -> tuple[WorkspaceId, str]:
    """The workspace and the widget key in a public key; `NotFoundError` when it is none."""
    found = _PUBLIC.fullmatch(text)
    if found is None:
        raise NotFoundError("no agent has this key")
    return WorkspaceId(_unpacked(found[1])), found[2]


def visitor_token(workspace_id: WorkspaceId, conversation_id: ConversationId, secret: str) -> str:
    """The token of a visitor for one conversation; `secret` is of the URL-safe base64 alphabet."""
    return f"vt_{_packed(workspace_id)}{_packed(conversation_id)}{secret}"


def parse_visitor_token(text: str) -> tuple[WorkspaceId, ConversationId, str]:
    """The workspace, the conversation and the secret in a visitor's token; `NotFoundError` when it is none."""
    found = _VISITOR.fullmatch(text)
    if found is None:
        raise NotFoundError("no conversation has this token")
    return WorkspaceId(_unpacked(found[1])), ConversationId(_unpacked(found[2])), found[3]


def _packed(id: UUID) -> str:
    return urlsafe_b64encode(id.bytes).decode()[:_ID]


def _unpacked(text: str) -> UUID:
    return UUID(bytes=urlsafe_b64decode(f"{text}=="))
