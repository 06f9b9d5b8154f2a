from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.domain.actor import Actor, Role
from console.domain.conversation import Control, HandoffReason, Priority, Status
from console.domain.feedback import Feedback, Rating
from console.domain.inbox import InboxCounts, InboxFilter, InboxRow
from console.domain.live import Link
from console.domain.message import Citation, Event, Message, MessageRole, Transcript
from console.errors import RefusedError
from console.ids import ConversationId, UserId, WorkspaceId, new_id
from console.text import SafeText
from console.tui.feed import Question, belongs, news
from console.tui.outbox import Outbox
from console.tui.present.bar import TABS, Bar, bar_line, tab_at, tab_line
from console.tui.present.notices import error_text
from console.tui.present.row import row_lines, short_age, status
from console.tui.present.tone import sides, toned
from console.tui.present.transcript import blocks
from console.tui.thread import Thread

NOW = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
ME = Actor(UserId(new_id()), WorkspaceId(new_id()), Role.MEMBER, SafeText("Sam Reyes"), SafeText("sam@acme.test"))


def row(**changes: Any) -> InboxRow:
    plain = InboxRow(
        ConversationId(new_id()), SafeText("Crystal Minh"), SafeText("Acme"), Status.OPEN, Control.AI, None,
        SafeText(""), False, 1, None, None, None, NOW - timedelta(minutes=4), SafeText("hello"),
        MessageRole.USER, 0, False, False,
    )  # fmt: skip
    return replace(plain, **changes)


WAITS: dict[str, Any] = {"control": Control.HUMAN, "waiting_since": NOW - timedelta(minutes=9)}
HELD: dict[str, Any] = {"control": Control.HUMAN, "holder_id": UserId(new_id()), "holder_name": SafeText("Dana")}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "ai"),
        ({"confidence": 0.884}, "ai, 88%"),
        ({"answering": True}, "ai is answering"),
        ({**WAITS, "handoff_reason": HandoffReason.CUSTOMER_REQUEST}, "asks for a person"),
        ({**WAITS, "handoff_reason": HandoffReason.MISSING_KNOWLEDGE, "confidence": 0.31}, "agent unsure, 31%"),
        ({**WAITS, "handoff_reason": HandoffReason.TOOL_FAILURE}, "model unavailable"),
        ({**WAITS}, "waits for a person"),
        ({**HELD}, "held by Dana"),
        ({**HELD, "mine": True}, "you"),
        ({"status": Status.RESOLVED}, "resolved"),
    ],
)
def test_status_words(changes: dict[str, Any], words: str) -> None:
    assert status(row(**changes)).plain == words


@pytest.mark.parametrize("reason", list(HandoffReason))
def test_every_reason_has_words(reason: HandoffReason) -> None:
    assert status(row(**WAITS, handoff_reason=reason)).plain


@pytest.mark.parametrize("width", [20, 33, 50, 78, 120])
@pytest.mark.parametrize("name", ["Crystal Minh", "名前" * 30, "👩‍👩‍👧‍👦" * 20, "e" + "\u0301" * 100, ""])
def test_rows_fit(width: int, name: str) -> None:
    shown = row(**WAITS, visitor_name=SafeText(name), snippet=SafeText(name * 20), unread=3, has_draft=True)
    for line in row_lines(shown, width, NOW):
        assert line.cell_length <= width
        assert "\n" not in line.plain


def test_row_shows_age_unread_and_draft() -> None:
    first, second = (line.plain for line in row_lines(row(**WAITS, unread=3, has_draft=True), 78, NOW))
    assert first.startswith("!")
    assert "9m" in first
    assert first.endswith("draft  3 new")
    assert second.strip() == "hello"


def test_ages_fit() -> None:
    for days in range(0, 900, 7):
        assert len(short_age(NOW - timedelta(days=days), NOW)) <= 5


def test_belongs() -> None:
    waiting, mine, ai = row(**WAITS), row(**HELD, mine=True), row()
    table = {
        InboxFilter.WAITING: [True, False, False],
        InboxFilter.MINE: [False, True, False],
        InboxFilter.AI: [False, False, True],
        InboxFilter.HUMAN: [True, True, False],
        InboxFilter.ALL: [True, True, True],
    }
    for filter, wanted in table.items():
        assert [belongs(each, Question(filter), ME.user_id) for each in (waiting, mine, ai)] == wanted, filter
    done = replace(ai, status=Status.RESOLVED)
    assert [filter for filter in InboxFilter if belongs(done, Question(filter), ME.user_id)] == [InboxFilter.ALL]
    assert [filter for filter in InboxFilter if belongs(row(snippet_role=None), Question(filter), ME.user_id)] == []


@pytest.mark.parametrize("assigned", [{**WAITS}, {}])
def test_what_is_assigned_to_me_is_mine_until_somebody_holds_it(assigned: dict[str, Any]) -> None:
    tab = Question(InboxFilter.MINE)
    assert belongs(row(**assigned, assignee_id=ME.user_id), tab, ME.user_id)
    assert not belongs(row(**assigned, assignee_id=UserId(new_id())), tab, ME.user_id)
    assert not belongs(row(**HELD, assignee_id=ME.user_id), tab, ME.user_id)


def test_belongs_reads_the_words_as_the_inbox_does() -> None:
    shown = row(**HELD, labels=(SafeText("Billing"), SafeText("vip")), priority=Priority.URGENT)
    free = row()
    for words in (
        "CRYSTAL", "label:billing", "label:VIP label:billing hell", "priority:urgent", "who:da", "status:open minh",
    ):  # fmt: skip
        assert belongs(shown, Question(text=words), ME.user_id), words
    for words in ("nobody", "label:bill", "label:vip label:x", "priority:low", "who:me", "who:nobody", "status:sno"):
        assert not belongs(shown, Question(text=words), ME.user_id), words
    assert belongs(free, Question(text="who:nobody"), ME.user_id)
    assert belongs(row(assignee_id=ME.user_id), Question(text="who:me"), ME.user_id)


def test_news_are_strangers_and_those_that_began_to_wait() -> None:
    known, began = row(), row()
    now_waits = replace(began, **WAITS)
    stranger = row()
    found = news([known, now_waits, stranger], {known.id: known, began.id: began}, Question(), ME.user_id)
    assert found == {began.id, stranger.id}


def message(seq: int, role: MessageRole, text: str = "words", **more: Any) -> Message:
    return Message(seq, role, SafeText(text), SafeText("Crystal"), None, NOW + timedelta(seconds=seq), **more)


def plain(messages: list[Message], events: list[Event]) -> str:
    found = blocks(messages, events, ME, NOW)
    return "\n".join(" " * part.indent + part.content.plain for block in found for part in block.parts)


def test_who_spoke_differs_by_word_and_indent() -> None:
    mine = replace(message(3, MessageRole.HUMAN), author_id=ME.user_id)
    cited = Citation(SafeText("Returns"), SafeText(""), SafeText(""), None)
    text = plain(
        [
            message(1, MessageRole.USER),
            message(2, MessageRole.ASSISTANT, confidence=0.94, citations=(cited,)),
            mine,
            message(4, MessageRole.NOTE),
        ],
        [
            Event(2, "handed_off", None, SafeText(""), SafeText("customer_request"), NOW),
            Event(2, "claimed", ME.user_id, ME.name, SafeText(""), NOW),
        ],
    )
    assert text == (
        " 14:02  Crystal\n        words\n 14:02  Crystal  94%\n          words\n          [1] Returns\n"
        " 14:02  handed to a person: the visitor asked\n 14:02  you took over\n"
        " 14:02  you\n          words\n 14:02  note  Crystal\n          words"
    )


def test_a_thumb_stands_beside_its_answer() -> None:
    down = Feedback(1, Rating.DOWN, SafeText("not\ntrue"), NOW)
    up = Feedback(2, Rating.UP, SafeText(""), NOW)
    text = plain(
        [
            replace(message(1, MessageRole.ASSISTANT), feedback=down),
            replace(message(2, MessageRole.HUMAN), feedback=up),
        ],
        [Event(2, "left_address", None, SafeText(""), SafeText(""), NOW)],
    )
    assert "Crystal  visitor: not helpful\n          words\n          visitor: not true\n" in text
    assert "visitor: helpful\n" in text
    assert "left an address" in text


def test_a_thumb_reaches_an_answer_that_is_on_screen() -> None:
    conversation: Any = None
    thread = Thread(conversation)
    thread.add(Transcript(ConversationId(new_id()), (message(2, MessageRole.ASSISTANT),), (), False))
    down = Feedback(2, Rating.DOWN, SafeText(""), NOW)
    thread.add(Transcript(ConversationId(new_id()), (), (), False, (down, replace(down, seq=9))))
    assert thread.messages[2].feedback == down
    assert set(thread.messages) == {2}


def test_a_new_day_is_said() -> None:
    yesterday = replace(message(1, MessageRole.USER), created_at=NOW - timedelta(days=1))
    text = plain([yesterday, message(2, MessageRole.USER)], [])
    assert "Friday 20 November 2026" in text
    assert "today" in text


def bar(**changes: Any) -> Bar:
    plain_bar = Bar(
        SafeText("Acme"), SafeText("Sam"), "inbox", SafeText(""), InboxCounts(waiting=3), Link.LIVE, NOW, NOW
    )
    return replace(plain_bar, **changes)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("trail", ["", "Crystal", "名" * 100])
def test_the_top_line_fits(width: int, trail: str) -> None:
    line = bar_line(bar(trail=SafeText(trail)), width)
    assert line.cell_length == width
    assert line.plain.strip().startswith("Acme")
    assert "live" in line.plain


def test_the_top_line_says_how_old_it_is() -> None:
    line = bar_line(bar(link=Link.OFFLINE, since=NOW - timedelta(minutes=2)), 80).plain
    assert "offline 2m" in line


@pytest.mark.parametrize("width", [50, 100])
def test_tabs_know_where_they_are(width: int) -> None:
    counts = InboxCounts(3, 2, 41, 6, 1204)
    line = tab_line(counts, "all", width).plain
    assert "[all 1,204]" in line
    for name in TABS:
        assert tab_at(counts, "all", width, line.index(f" {name} " if name != "all" else "all") + 1) == name
    assert tab_at(counts, "all", width, len(line) + 5) is None


def test_sides_never_overflow() -> None:
    for width in range(1, 40):
        assert sides(toned("left" * 5), toned("right"), width).cell_length <= width


def test_a_token_stays_with_its_text() -> None:
    outbox, id = Outbox(), ConversationId(new_id())
    first = outbox.attempt(id, "reply", "hello")
    assert outbox.attempt(id, "reply", "hello").token == first.token
    assert outbox.attempt(id, "reply", "hello!").token != first.token
    assert outbox.waiting == 1
    outbox.acknowledged(id, "reply")
    assert outbox.waiting == 0
    assert outbox.attempt(id, "reply", "hello").token != first.token


def test_errors_say_what_and_what_next() -> None:
    assert error_text(RefusedError("it is closed", hint="open it")) == "it is closed: open it"


def test_two_people_of_one_name_are_two() -> None:
    text = plain([message(1, MessageRole.USER)], [Event(1, "claimed", UserId(new_id()), ME.name, SafeText(""), NOW)])
    assert "Sam Reyes took over" in text
    assert "you took over" not in text
