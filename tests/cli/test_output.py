from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
from rich.cells import cell_len

from console.cli.columns import aligned
from console.cli.metered import cost_text
from console.cli.output import Output
from console.cli.plain import to_json

EVIL = "a\x1b]52;c;x\x07\x7f\x9b31m\u202e"


class State(StrEnum):
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    at: datetime
    state: State
    cost: Decimal
    score: float
    tags: tuple[str, ...]


def test_json_is_one_ascii_line_without_controls(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).data({"text": EVIL + "\nä\ud800"})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert all(" " <= char <= "~" for char in out.rstrip("\n"))
    assert json.loads(out)["text"] == EVIL + "\nä\ud800"


def test_domain_objects_become_json() -> None:
    row = Row(UUID(int=7), datetime(2026, 1, 2, tzinfo=UTC), State.OPEN, Decimal("0.5"), float("nan"), ("a",))
    assert json.loads(to_json(row)) == {
        "id": "00000000-0000-0000-0000-000000000007",
        "at": "2026-01-02T00:00:00+00:00",
        "state": "open",
        "cost": 0.5,
        "score": None,
        "tags": ["a"],
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Decimal("0.000000040000"), "0.00000004"), (4e-12, "0.000000000004"), (-1.5e-7, "-0.00000015"),
        (Decimal(0), "0.0"),
        ({"1e-7": '"\\" 1e-7 "\\'}, '{"1e-7": "\\"\\\\\\" 1e-7 \\"\\\\"}'),
    ],
)  # fmt: skip
def test_small_numbers_are_written_out(value: object, said: str) -> None:
    assert to_json(value) == said


@pytest.mark.parametrize(
    ("cost", "said"),
    [("0", "$0.00"), ("0.000000040000", "<$0.0001"), ("0.00005", "<$0.0001"), ("0.000051", "$0.0001"),
     ("0.123456789012", "$0.1235"), ("1234.5", "$1,234.50")],
)  # fmt: skip
def test_a_cost_is_short_and_never_looks_like_nothing(cost: str, said: str) -> None:
    assert cost_text(Decimal(cost), priced=True) == said


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        to_json({"x": b"raw"})


def test_lines_come_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    def rows() -> Iterator[int]:
        yield 1
        assert capsys.readouterr().out == "1\n"
        yield 2

    Output(json=True).lines(rows())
    assert capsys.readouterr().out == "2\n"


def test_text_and_talk_are_safe_and_apart(capsys: pytest.CaptureFixture[str]) -> None:
    Output().text(f"data {EVIL}\nnext")
    Output().say(f"talk {EVIL}")
    out, err = capsys.readouterr()
    assert out.startswith("data ")
    assert err.startswith("talk ")
    assert not set("\x1b\x07\x7f\x9b\u202e") & set(out + err)


def test_table_lines_up_wide_and_hostile_cells(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(["name", "n", "end"], [["日本", 7, "x"], [EVIL + "\nsplit", 1204, "x"], [None, 1, "x"]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "N", "END"]
    assert len(lines) == 4
    assert len({cell_len(line[: line.rindex("x")]) for line in lines[1:]}) == 1
    assert lines[1].rstrip().endswith("   7  x")
    assert not set("\x1b\x07\x7f\x9b\u202e") & set("".join(lines))


def test_an_empty_table_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(["a", "b"], [])
    assert capsys.readouterr().out == "A  B\n"


def test_the_widest_column_gives_way() -> None:
    rows = [["id", "text"], ["1", "word " * 30], ["2", "日" * 60]]
    lines = aligned(rows, [False, False], 40)
    assert max(map(cell_len, lines)) <= 40
    assert lines[2].startswith("2   日")
    assert lines[2].endswith("…")


def test_progress_off_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().progress("chunks", 980) as bar:
        for done in range(1, 981):
            bar.to(done)
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err
    assert err.splitlines()[-1] == "chunks 980 of 980  100%"
    assert len(err.splitlines()) == 2
