"""The rows of the inbox as they come from the service: pages by keyset, and what is new since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.domain.actor import Actor
from console.domain.conversation import Control, Status
from console.domain.inbox import Cursor, InboxFilter, InboxRow
from console.ids import ConversationId
from console.services.inbox import Inbox

PAGE = 50
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Question:
    """What the list shows."""

    filter: InboxFilter = InboxFilter.ALL
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows read for a question, and where the next page begins."""

    question: Question
    rows: tuple[InboxRow, ...]
    next: Cursor | None


async def read_page(inbox: Inbox, actor: Actor, question: Question, after: Cursor | None) -> Rows:
    """One page."""
    page = await inbox.page(actor, question.filter, text=question.text, after=after, limit=PAGE)
    return Rows(question, page.rows, page.next)


async def read_again(inbox: Inbox, actor: Actor, question: Question, until: ConversationId | None, count: int) -> Rows:
    """The first `count` rows, and on until the row `until` is among them, within reason."""
    rows: list[InboxRow] = []
    after: Cursor | None = None
    for _ in range(MOST_PAGES):
        page = await inbox.page(actor, question.filter, text=question.text, after=after, limit=PAGE)
        rows += page.rows
        after = page.next
        found = until is None or any(row.id == until for row in rows)
        if after is None or (len(rows) >= count and found):
            break
    return Rows(question, tuple(rows), after)


def belongs(row: InboxRow, question: Question) -> bool:
    """Whether a row that the list does not have would be in it."""
    words = question.text.casefold()
    if words and words not in f"{row.visitor_name}\n{row.snippet}".casefold():
        return False
    if question.filter is InboxFilter.ALL:
        return True
    if row.status is not Status.OPEN:
        return False
    match question.filter:
        case InboxFilter.WAITING:
            return row.waiting
        case InboxFilter.MINE:
            return row.mine
        case InboxFilter.AI:
            return row.control is Control.AI
        case _:
            return row.control is Control.HUMAN


def news(rows: Iterable[InboxRow], known: dict[ConversationId, InboxRow], question: Question) -> set[ConversationId]:
    """The rows whose place is above now: those the list does not have, and those that began to wait."""
    found: set[ConversationId] = set()
    for row in rows:
        before = known.get(row.id)
        new = before is None and belongs(row, question)
        if new or (before is not None and row.waiting and not before.waiting):
            found.add(row.id)
    return found


async def next_for_me(
    inbox: Inbox,
    actor: Actor,
    here: ConversationId | None,
    wanted: Sequence[InboxFilter] = (InboxFilter.WAITING, InboxFilter.MINE),
) -> ConversationId | None:
    """The conversation that needs this operator next: those that wait, then mine with something unread."""
    for filter in wanted:
        page = await inbox.page(actor, filter, limit=PAGE)
        ids = [row.id for row in page.rows if row.waiting or row.unread]
        if here in ids:
            at = ids.index(here) + 1
            ids = ids[at:] + ids[: at - 1]
        if ids:
            return ids[0]
    return None
