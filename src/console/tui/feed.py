"""The rows of the inbox as they come from the service: pages by keyset, and what is new since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.actor import Actor
from console.domain.conversation import Control, Status
from console.domain.inbox import Cursor, InboxFilter, InboxRow
from console.domain.query import ME, NOBODY, Query, parse_query
from console.ids import ConversationId, UserId

if TYPE_CHECKING:
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
    rows: dict[ConversationId, InboxRow] = {}  # One that moves down meanwhile comes twice.
    after: Cursor | None = None
    for _ in range(MOST_PAGES):
        page = await inbox.page(actor, question.filter, text=question.text, after=after, limit=PAGE)
        rows |= {row.id: row for row in page.rows}
        after = page.next
        if after is None or (len(rows) >= count and (until is None or until in rows)):
            break
    return Rows(question, tuple(rows.values()), after)


def belongs(row: InboxRow, question: Question, me: UserId) -> bool:
    """Whether a row that the list does not have would be in it; e-mail addresses and subjects are not in a row."""
    untouched = row.status is Status.OPEN and row.control is Control.AI and row.assignee_id is None
    if (untouched and row.snippet_role is None) or not _fits(row, parse_query(question.text), me):
        return False
    if question.filter is InboxFilter.ALL:
        return True
    if row.status is not Status.OPEN:
        return False
    match question.filter:
        case InboxFilter.WAITING:
            return row.waiting
        case InboxFilter.MINE:
            return row.mine or (row.holder_id is None and row.assignee_id == me)
        case InboxFilter.AI:
            return row.control is Control.AI
        case _:
            return row.control is Control.HUMAN


def _fits(row: InboxRow, query: Query, me: UserId) -> bool:
    labels = {label.casefold() for label in row.labels}
    return (
        query.text.casefold() in f"{row.visitor_name}\n{row.snippet}".casefold()
        and labels.issuperset(label.casefold() for label in query.labels)
        and query.priority in {None, row.priority}
        and query.status in {None, row.status}
        and _is_with(row, query.who.casefold(), me)
    )


def _is_with(row: InboxRow, who: str, me: UserId) -> bool:
    if who in {ME, NOBODY}:
        return me in {row.holder_id, row.assignee_id} if who == ME else row.holder_id is row.assignee_id is None
    return any(name.casefold().startswith(who) for name in (row.holder_name, row.assignee_name))


def news(
    rows: Iterable[InboxRow], known: dict[ConversationId, InboxRow], question: Question, me: UserId
) -> set[ConversationId]:
    """The rows whose place is above now: those the list does not have, and those that began to wait."""
    found: set[ConversationId] = set()
    for row in rows:
        before = known.get(row.id)
        new = before is None and belongs(row, question, me)
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
