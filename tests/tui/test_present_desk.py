from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.domain.actor import Actor, Role
from console.domain.bulk import BulkAct, BulkPreview, BulkResult
from console.domain.conversation import Priority, Status
from console.domain.held import Held
from console.domain.presence import Present
from console.ids import ConversationId, UserId, WorkspaceId, new_id
from console.text import SafeText
from console.tui.marks import Marks
from console.tui.modals.questions import morning
from console.tui.present.conversation import activity_line
from console.tui.present.picking import Option, matching, option_lines, preview
from console.tui.present.row import row_lines, wakes
from console.tui.present.transcript import held_block
from console.tui.present.undoing import bulk_consequence, bulk_outcome, bulk_question
from console.tui.undo import Undo, seconds_left
from tests.tui.test_present import row

NOW = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
ME = Actor(UserId(new_id()), WorkspaceId(new_id()), Role.MEMBER, SafeText("Mia"), SafeText("mia@x.test"))
TAGGED: dict[str, Any] = {
    "priority": Priority.URGENT,
    "assignee_id": UserId(new_id()),
    "assignee_name": SafeText("Ann"),
    "labels": (SafeText("refund"), SafeText("名前" * 20)),
}


def held(author: UserId = ME.user_id, *, at: datetime = NOW, text: str = "words") -> Held:
    """A message on its way since `at`."""
    id = ConversationId(new_id())
    return Held(new_id(), id, SafeText(text), author, SafeText("Ann"), at + timedelta(seconds=8), at)


@pytest.mark.parametrize("width", [20, 33, 50, 78, 120])
def test_tags_fit_and_the_most_important_stays(width: int) -> None:
    first, second = row_lines(row(**TAGGED), width, NOW)
    assert first.cell_length <= width
    assert second.cell_length <= width
    assert "urgent" in second.plain
    assert ("for Ann" in second.plain) is (width >= 33)
    assert ("#refund" in second.plain) is (width >= 50)


def test_normal_priority_and_its_own_holder_say_nothing() -> None:
    holder = UserId(new_id())
    second = row_lines(row(holder_id=holder, assignee_id=holder, assignee_name=SafeText("Ann")), 80, NOW)[1].plain
    assert "normal" not in second
    assert "for Ann" not in second


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (timedelta(hours=1), "until 15:02"),
        (timedelta(days=2), "until Mon 14:02"),
        (timedelta(days=20), "until 11 Dec"),
        (None, "until a reply"),
    ],
)
def test_until_when_it_sleeps(later: timedelta | None, words: str) -> None:
    until = NOW + later if later is not None else None
    assert wakes(until, NOW) == words
    assert words in row_lines(row(status=Status.SNOOZED, snoozed_until=until), 80, NOW)[1].plain


def test_tomorrow_at_nine_is_nine_whatever_the_hour() -> None:
    for hour in (0, 9, 23):
        at = morning(NOW.astimezone().replace(hour=hour), 1)
        assert (at.hour, at.minute) == (9, 0)
        assert (at.date() - NOW.astimezone().date()).days == 1


def test_what_is_held_says_how_long_and_who_may_undo_it() -> None:
    mine = held_block(held(), 6, "u", ME, NOW).parts[0].content.plain
    assert mine.endswith("you   sending 6 s   u undo")
    assert "undo" not in held_block(held(), 0, "u", ME, NOW).parts[0].content.plain
    others = held_block(held(UserId(new_id())), 6, "u", ME, NOW).parts[0].content.plain
    assert "Ann" in others
    assert "undo" not in others


def test_the_newest_act_is_what_u_undoes_and_only_for_its_time() -> None:
    undo, id = Undo(ME.user_id), ConversationId(new_id())
    undo.did("resolved", NOW, [(id, 3)])
    late = held(at=NOW + timedelta(seconds=2))
    undo.read(late.conversation_id, [late])
    newest = undo.newest(NOW + timedelta(seconds=3))
    assert newest is not None
    assert newest.held == late
    undo.forget(newest)
    newest = undo.newest(NOW + timedelta(seconds=3))
    assert newest is not None
    assert (newest.words, newest.targets) == ("resolved", ((id, 3),))
    assert seconds_left(newest.until, NOW + timedelta(seconds=3)) == 5
    assert undo.newest(NOW + timedelta(seconds=8)) is None


def test_the_servers_clock_may_differ_by_an_hour() -> None:
    undo = Undo(ME.user_id)
    ahead = held(at=NOW + timedelta(hours=1))
    undo.holds(ahead, NOW)
    assert undo.left(ahead, NOW + timedelta(seconds=2)) == 6
    undo.holds(ahead, None)
    assert undo.left(ahead, NOW + timedelta(seconds=2)) == 6


def test_anothers_message_is_not_mine_to_undo() -> None:
    undo, theirs = Undo(ME.user_id), held(UserId(new_id()))
    undo.read(theirs.conversation_id, [theirs])
    assert undo.newest(NOW) is None


def test_a_read_without_it_takes_it_away() -> None:
    undo, mine = Undo(ME.user_id), held()
    undo.read(mine.conversation_id, [mine])
    undo.read(ConversationId(new_id()), [])
    assert undo.newest(NOW) is not None
    assert undo.sending(NOW) == 1
    undo.read(mine.conversation_id, [])
    assert undo.newest(NOW) is None


def test_options_fit_and_show_the_chosen_one() -> None:
    options = [Option(n, SafeText(f"name {n} " + "名" * 60), SafeText("hint " * 20)) for n in range(30)]
    for at in (0, 4, 15, 29):
        lines = option_lines(options, at, 40, 8).split("\n")
        assert len(lines) == 8
        assert all(line.cell_length <= 40 for line in lines)
        assert [f"name {at} " in line.plain and line.plain.startswith("▌") for line in lines].count(True) == 1


def test_matching_puts_beginnings_first() -> None:
    options = [Option(name, SafeText(name)) for name in ("the refund", "refund", "vip")]
    assert [option.value for option in matching(options, "REF")] == ["refund", "the refund"]
    assert len(matching(options, "")) == 3


def test_preview_is_short() -> None:
    shown = preview(SafeText("word " * 100), 40).split("\n")
    assert len(shown) == 2
    assert all(line.cell_length <= 40 for line in shown)
    assert shown[-1].plain.endswith("…")


def test_bulk_words() -> None:
    ids = [ConversationId(new_id()) for _ in range(9)]
    left = tuple((id, SafeText("Ann holds it")) for id in ids[2:])
    shown = BulkPreview(tuple(ids[:2]), left)
    assert bulk_question(BulkAct.RESOLVE, shown) == "Resolve 2 of 9 conversations?"
    why = bulk_consequence(shown, lambda _: SafeText("Bo"), "until a reply").split("\n")
    assert why[0] == "until a reply"
    assert why[1] == "left: Bo, Ann holds it"
    assert why[-1] == "and 2 more are left"
    assert bulk_outcome(BulkAct.RESOLVE, BulkResult(tuple(ids[:2]), ())) == "resolved 2"
    assert bulk_outcome(BulkAct.RESOLVE, BulkResult(tuple(ids[:2]), left[:2])) == "resolved 2, 2 left: Ann holds it"


def test_marks_go_from_the_last_one() -> None:
    marks = Marks(lambda _: None)
    marks.range("abcdef", 3)
    assert marks.keys == ("d",)
    marks.range("abcdef", 1)
    assert set(marks.keys) == set("bcd")
    marks.keep("abx")
    assert marks.keys == ("b",)
    marks.turn("b")
    assert len(marks) == 0


def test_who_is_there_in_one_line() -> None:
    here = Present(ConversationId(new_id()), UserId(new_id()), SafeText("Ann"), False, NOW)
    types = Present(here.conversation_id, None, SafeText("Crystal"), True, NOW)
    assert activity_line(True, [here, types], 100).plain == (
        " the assistant is answering … · Crystal is typing · Ann is here"
    )
    assert activity_line(True, [here, types], 30).cell_length <= 30
    assert activity_line(False, [], 30).plain == ""
