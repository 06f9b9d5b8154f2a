"""Messages on their way: a token stays with its text until the server has acknowledged it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.ids import ConversationId, new_id

Key = tuple[ConversationId, str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message to send; sent again with the same token it is stored once."""

    token: str
    text: str
    repeated: bool = False


class Outbox:
    """What was sent and not yet acknowledged, by conversation and kind."""

    def __init__(self) -> None:
        self._attempts: dict[Key, Attempt] = {}

    def attempt(self, id: ConversationId, kind: str, text: str) -> Attempt:
        """The attempt for this text: the earlier one while its text is the same, else a fresh one."""
        known = self._attempts.get((id, kind))
        if known is None or known.text != text:
            known = self._attempts[id, kind] = Attempt(str(new_id()), text)
            return known
        return replace(known, repeated=True)

    def acknowledged(self, id: ConversationId, kind: str) -> None:
        """It is stored."""
        self._attempts.pop((id, kind), None)

    @property
    def waiting(self) -> int:
        """How many are not acknowledged."""
        return len(self._attempts)
