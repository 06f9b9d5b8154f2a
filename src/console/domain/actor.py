"""Who acts: every service takes one of these first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from console.errors import NotAllowedError
from console.ids import ConversationId, UserId, WorkspaceId
from console.text import SafeText


class Role(IntEnum):
    """Membership roles, weakest first."""

    VIEWER = 1
    MEMBER = 2
    ADMIN = 3
    OWNER = 4

    @property
    def label(self) -> str:
        """The role's name in the database and on the screen."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Role:
        """Read a role's name; `KeyError` when there is none such."""
        return cls[label.upper()]


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person in one workspace. The role is read again in every transaction."""

    user_id: UserId
    workspace_id: WorkspaceId
    role: Role
    name: SafeText
    email: SafeText
    session_hash: bytes | None = None

    def require(self, role: Role) -> None:
        """Raise `NotAllowedError` unless the actor holds at least `role`."""
        if self.role < role:
            raise NotAllowedError(
                f"that needs the role {role.label}, and you are {self.role.label} here",
                hint="ask an admin of this workspace",
            )


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor with a valid token: may reach one conversation."""

    workspace_id: WorkspaceId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class System:
    """The worker acting in one workspace on nobody's behalf."""

    workspace_id: WorkspaceId


Principal = Actor | Visitor | System
