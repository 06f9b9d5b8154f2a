"""What is typed and not yet on the server, in files of this machine: a console that dies takes no words with it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from console.domain.actor import Actor
from console.ids import ConversationId
from console.private import delete_private, read_private, write_private

Key = tuple[ConversationId, str]


class Spool:
    """The unsaved drafts of one person in one workspace: a file each, 0600; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, actor: Actor) -> None:
        self._folder = folder
        self._mine = f"{actor.workspace_id.hex}-{actor.user_id.hex}-"

    def keep(self, key: Key, text: str) -> None:
        """Write a draft; raises what `write_private` raises."""
        if self._folder is not None:
            write_private(self._folder / self._name(key), text.encode("utf-8", "replace"))

    def forget(self, key: Key) -> None:
        """The server has it, or it is sent; raises what `delete_private` raises."""
        if self._folder is not None:
            delete_private(self._folder / self._name(key))

    def kept(self) -> dict[Key, str]:
        """What an earlier console left behind; raises what `read_private` raises."""
        found: dict[Key, str] = {}
        files = sorted(self._folder.glob(f"{self._mine}*")) if self._folder is not None else []
        for path in files:
            conversation, _, kind = path.name.removeprefix(self._mine).partition("-")
            if (data := read_private(path)) is not None:
                found[ConversationId(UUID(conversation)), kind] = data.decode("utf-8", "replace")
        return found

    def _name(self, key: Key) -> str:
        return f"{self._mine}{key[0].hex}-{key[1]}"
