"""A document that is being edited, in a private file of this machine until the server has it."""

from __future__ import annotations

import threading
from pathlib import Path
from uuid import UUID

from console.domain.actor import Actor
from console.private import delete_private, read_private, write_private


class KeptText:
    """What one person has typed for one thing of one workspace; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, actor: Actor, id: UUID) -> None:
        name = f"edit-{actor.workspace_id.hex}-{actor.user_id.hex}-{id.hex}.toml"
        self.path = folder / name if folder is not None else None
        self._writing = threading.Lock()
        self._ended = False

    def read(self) -> str | None:
        """What was typed and not saved, or None; raises what `read_private` raises."""
        data = read_private(self.path) if self.path is not None else None
        return None if data is None else data.decode("utf-8", "replace")

    def keep(self, text: str) -> None:
        """Raises what `write_private` raises; nothing after `keep_last`."""
        with self._writing:
            if not self._ended:
                self._write(text)

    def keep_last(self, text: str) -> None:
        """As `keep`, in place of what threads have yet to write: nobody can call them back."""
        with self._writing:
            self._ended = True
            self._write(text)

    def forget(self) -> None:
        """The server has it; raises what `delete_private` raises."""
        if self.path is not None:
            delete_private(self.path)

    def _write(self, text: str) -> None:
        if self.path is not None:
            write_private(self.path, text.encode("utf-8", "replace"))
