"""What is being typed that can be completed: `/` begins a canned reply, `@` in a note names a member."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from console.domain.mention import handles_of
from console.domain.workspace import Member
from console.text import one_line
from console.tui.present.picking import Option

if TYPE_CHECKING:
    from console.domain.canned import CannedReply

Kind = Literal["canned", "member"]
_CANNED = re.compile(r"/([\w-]*)$")
_MEMBER = re.compile(r"(?:^|[\s(])@([^\s@]*)$")


@dataclass(frozen=True, slots=True)
class Token:
    """What is typed of it, and where: from its sign at (`row`, `start`) to the cursor at `end`."""

    kind: Kind
    typed: str
    row: int
    start: int
    end: int


def token_at(text: str, row: int, column: int, *, note: bool) -> Token | None:
    """The token that ends at the cursor, if there is one."""
    before = text.split("\n")[row][:column]
    if note:
        found = _MEMBER.search(before)
        return Token("member", found[1], row, column - len(found[1]) - 1, column) if found else None
    found = _CANNED.match(before) if row == 0 else None
    return Token("canned", found[1], row, 0, column) if found else None


def canned_options(replies: Iterable[CannedReply]) -> list[Option[str]]:
    """Shortcut, title, and the first words."""
    return [Option(str(reply.shortcut), reply.shortcut, reply.title, reply.content) for reply in replies]


def member_options(members: Iterable[Member]) -> list[Option[str]]:
    """Handle and name."""
    return [Option(handles_of(each)[0], one_line(handles_of(each)[0]), each.name) for each in members]
