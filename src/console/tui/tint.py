"""The tint of the line at the top: each workspace has its own, as far as there are enough."""

from __future__ import annotations

from zlib import crc32

from console.ids import WorkspaceId

TINTS = 8


def tint_of(workspace_id: WorkspaceId, other_than: int | None = None) -> int:
    """The tint of a workspace, the same each time; the next one where that is `other_than`, which was seen before."""
    tint = crc32(workspace_id.bytes) % TINTS
    return (tint + 1) % TINTS if tint == other_than else tint
