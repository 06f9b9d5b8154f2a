"""Gaps and curated answers as they are drawn, without a server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.domain.gap import AskedAgain, DraftOrigin, Gap, GapDetail, GapStatus, GapTrigger
from console.domain.gap_words import gap_reason
from console.domain.run import AnswerKind, RunState, Trace
from console.ids import AgentId, ConversationId, GapId, RunId, new_id
from console.text import EMPTY, SafeText
from console.tui.present.gaps import again_line, gap_lines, gap_row
from console.tui.present.trace import trace_lines

NOW = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)


def gap(**changes: Any) -> Gap:
    plain = Gap(
        GapId(new_id()), SafeText("do you ship outside the US?"), GapStatus.OPEN, GapTrigger.LOW_CONFIDENCE, 12, 9,
        0.28, 0.5, NOW - timedelta(days=9), NOW - timedelta(minutes=4), AgentId(new_id()), SafeText("help"), False,
        EMPTY, DraftOrigin.NONE, None, EMPTY, None,
    )  # fmt: skip
    return replace(plain, **changes)


def detail(shown: Gap, **changes: Any) -> GapDetail:
    plain = GapDetail(shown, 7, (), (SafeText("shipping canada??"), SafeText("intl delivery")), (), (), (), None)
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "unsure 28%"),
        ({"score": None}, "unsure"),
        ({"trigger": GapTrigger.NO_HIT}, "no passage"),
        ({"trigger": GapTrigger.FLAGGED}, "flagged"),
        ({"trigger": GapTrigger.THUMBS_DOWN}, "thumbs down"),
        ({"trigger": GapTrigger.NO_HIT, "answered": True}, "person answered"),
    ],
)
def test_why_it_is_a_gap(changes: dict[str, Any], words: str) -> None:
    assert gap_reason(gap(**changes)) == words


@pytest.mark.parametrize("width", [20, 52, 80, 120])
def test_a_row_is_two_lines_of_its_width(width: int) -> None:
    lines = gap_row(gap(status=GapStatus.DRAFTED, question=SafeText("words " * 40)), width, NOW)
    assert [line.cell_length <= width for line in lines] == [True, True]
    assert lines[0].plain.startswith("  12x    4m  words")
    assert width < 52 or lines[1].plain.rstrip().endswith("draft ready")


def test_in_full_it_says_what_was_said_and_where_its_answer_comes_from() -> None:
    drafted = gap(
        status=GapStatus.DRAFTED, draft=SafeText("Only within the US.\nSorry."), draft_origin=DraftOrigin.REPLY,
        drafted_at=NOW - timedelta(minutes=1),
    )  # fmt: skip
    text = gap_lines(drafted, detail(drafted), 70, NOW).plain
    for words in ("9 conversations, 7 visitors", "“shipping canada??”", "Sorry.", "from a person's reply, 1m"):
        assert words in text
    assert "reading the gap" in gap_lines(drafted, None, 70, NOW).plain


def test_what_came_of_asking_again_and_the_way_on() -> None:
    assert again_line(AskedAgain(12, 12, (), 8), "help").plain == (
        "asked again: 12 of 12 answered from the draft  P publish v8 of help"
    )
    assert (
        "11 of 12 answered from the draft  not “intl delivery”"
        in again_line(AskedAgain(12, 11, (SafeText("intl delivery"),), 8), "help").plain
    )


@pytest.mark.parametrize(("similarity", "words"), [(1.0, "the same words"), (0.94, "0.94 alike")])
def test_the_why_of_a_curated_answer_names_the_question_that_matched(similarity: float, words: str) -> None:
    trace = Trace(
        RunId(new_id()), ConversationId(new_id()), RunState.COMPLETE, AnswerKind.CURATED, 8, SafeText("m"),
        SafeText("ship to malta?"), similarity, 0.5, 3, (), EMPTY, SafeText("do you ship abroad?"), similarity,
    )  # fmt: skip
    text = trace_lines(trace, 80).plain
    assert f"“do you ship abroad?”, {words}" in text
    assert "It saw no passage" not in text
