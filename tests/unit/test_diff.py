"""What differs between two snapshots of an agent."""

from __future__ import annotations

from typing import Any

import pytest

from console.domain.agent_diff import Side, parse_reference
from console.domain.agent_settings import SETTINGS, check_settings
from console.domain.diff import ChangeKind, FieldChange, diff_snapshots
from console.domain.line_diff import item_lines, text_lines
from console.errors import InvalidInputError
from tests.effort import LINEAR, growth

SHIP = {"id": "1", "questions": ["do you ship"], "answer": "30 days"}


def only(before: dict[str, Any], after: dict[str, Any]) -> FieldChange:
    (change,) = diff_snapshots(before, after)
    return change


def told(change: FieldChange) -> list[str]:
    return [f"{'  ' * line.depth}{line.sign} {line.text}" for line in change.lines]


def answers(*given: dict[str, Any]) -> dict[str, Any]:
    return {"curated_answers": list(given)}


def test_equal_snapshots_differ_in_nothing_and_what_is_missing_is_its_default() -> None:
    assert diff_snapshots({}, {}) == ()
    assert diff_snapshots({}, {**check_settings({"name": "A"}), "name": ""}) == ()
    assert diff_snapshots(answers(SHIP), answers(dict(SHIP))) == ()


def test_a_short_value_is_told_in_one_line() -> None:
    change = only({"retrieval_config": {"threshold": 0.45}}, {"retrieval_config": {"threshold": 0.5}})
    assert (change.field, change.kind, change.before, change.after) == (
        "retrieval_config.threshold", ChangeKind.VALUE, 0.45, 0.5,
    )  # fmt: skip
    assert told(change) == ["~ 0.45 -> 0.5"]
    assert told(only({}, {"retrieval_config": {"rag": False}})) == ["~ yes -> no"]
    assert told(only({"name": "A"}, {"name": 'B "2"'})) == ['~ "A" -> "B \\"2\\""']


def test_settings_come_in_their_own_order_and_every_one_is_looked_at() -> None:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        after[name] = dict.fromkeys(setting, "x") if isinstance(setting, dict) else "x"
    after["retrieval_config"].pop("sources")
    after["sources"] = ["x"]
    wanted = [
        path
        for name, setting in SETTINGS.items()
        for path in ([f"{name}.{key}" for key in setting] if isinstance(setting, dict) else [name])
    ]
    assert [change.field for change in diff_snapshots(before, after)] == wanted
    assert [change.field for change in diff_snapshots(after, before)] == wanted


def test_text_is_told_line_by_line_with_a_line_around_each_group() -> None:
    before, after = "one\ntwo\nthree\nfour\nfive\nsix\nseven", "one\n2\nthree\nfour\nfive\nsix\n7"
    change = only({"system_prompt": before}, {"system_prompt": after})
    assert change.kind is ChangeKind.TEXT
    assert told(change) == ["  one", "- two", "+ 2", "  three", "… ", "  six", "- seven", "+ 7"]
    assert [line.text for line in text_lines("", "a\nb")] == ["a", "b"]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (["a", "b"], ["b", "c"], ["- a", "+ c"]),
        ([], ["a\nb"], ["+ a b"]),
        (["a", "b"], ["b", "a"], ["+ b", "- b"]),
    ],
)
def test_lists_are_told_by_item(before: list[str], after: list[str], lines: list[str]) -> None:
    change = only({"guardrails": before}, {"guardrails": after})
    assert (change.kind, told(change)) == (ChangeKind.LIST, lines)


def test_links_and_sources_are_told_by_their_names() -> None:
    link = {"label": "Book", "url": "https://a.test"}
    assert told(only({}, {"ctas": [link]})) == ["+ Book <https://a.test>"]
    names = {"1": "FAQ", "2": "Shop"}
    (change,) = diff_snapshots({"sources": ["1"]}, {"sources": ["1", "2"]}, names.__getitem__)
    assert (change.field, told(change)) == ("retrieval_config.sources", ["+ Shop"])
    (change,) = diff_snapshots({"sources": None}, {"sources": ["2"]}, names.__getitem__)
    assert told(change) == ["~ all -> Shop"]
    (change,) = diff_snapshots({"sources": []}, {"sources": None}, names.__getitem__)
    assert told(change) == ["~ none -> all"]


def test_curated_answers_are_told_by_question_and_each_counts() -> None:
    gone = {"id": "2", "questions": ["gone"], "answer": "x"}
    new = {"id": "3", "questions": ["new", "newer"], "answer": "y"}
    changed = {"id": "1", "questions": ["do you ship", "how long"], "answer": "90 days"}
    change = only(answers(SHIP, gone), answers(changed, new))
    assert change.kind is ChangeKind.ANSWERS
    assert told(change) == ["~ do you ship", "  + asked: how long", '  ~ "30 days" -> "90 days"', "- gone", "+ new"]
    assert change.count == 3


def test_a_long_curated_answer_is_told_by_line_and_one_without_a_question_is_named() -> None:
    change = only(answers({**SHIP, "answer": "a\nb"}), answers({**SHIP, "answer": "a\nc"}))
    assert told(change) == ["~ do you ship", "    a", "  - b", "  + c"]
    assert told(only({}, answers({"id": "9", "answer": "x"}))) == ["+ (no question)"]


def test_hostile_text_is_made_visible() -> None:
    bad = "\x1b]0;x\x07[b]\u202e"
    changes = diff_snapshots(
        {"guardrails": [], "name": bad},
        {"guardrails": [bad], "name": "", "system_prompt": f"a\n{bad}"}
        | answers({"id": "1", "questions": [bad], "answer": bad}),
    )
    text = "".join(line.text for change in changes for line in change.lines)
    assert len(changes) == 4
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "[b]" in text


def test_lines_that_repeat_without_end_take_time_as_they_grow() -> None:
    def compared(size: int) -> None:
        before = "\n".join(str(n % 7) for n in range(size))
        after = "\n".join(str(n * 3 % 7 + n % 2) for n in range(size))
        lines = text_lines(before, after)
        assert sum(line.sign == "-" for line in lines) == sum(line.sign == "+" for line in lines)

    assert growth(compared, 5_000) < LINEAR


def test_one_line_more_among_many_equal_ones_is_one_line() -> None:
    blank = [""] * 20_000
    assert [line.sign for line in item_lines(blank, [*blank[:9], "x", *blank[9:]], str)] == ["+"]


def test_what_is_compared_is_named() -> None:
    assert [parse_reference(text) for text in ("draft", " LIVE ", "v3", "12")] == ["draft", "live", 3, 12]
    assert Side(number=3, live=True).label == "v3 (live)"
    assert (Side(revision=2).label, Side(empty=True).label, Side(number=1).label) == ("draft", "nothing", "v1")


@pytest.mark.parametrize("text", ["", "v", "v0", "0", "-1", "3.5", "x", "9" * 30, "٣", "\x1b[31m"])
def test_what_is_no_version_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_reference(text)
    assert "is no version" in refused.value.message
    assert "\x1b" not in refused.value.message
