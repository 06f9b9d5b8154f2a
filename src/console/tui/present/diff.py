"""What differs between two states of an agent, as lines."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from console.domain.agent_diff import AgentDiff
from console.domain.diff import ChangeKind, FieldChange
from console.domain.line_diff import DiffLine, Sign
from console.tui.present.tone import joined, toned

_LABEL = 20
_TONES = {Sign.REMOVED: "quiet", Sign.SAME: "faint", Sign.LEFT_OUT: "faint"}


def diff_lines(changes: Iterable[FieldChange]) -> Content:
    """Every setting that differs: its name, then what went and what came."""
    return Content("\n").join([line for change in changes for line in _change(change)])


def changes_text(count: int) -> str:
    """`no changes`, `1 change`, `4 changes`."""
    return "no changes" if not count else f"{count:,} change{'s' * (count != 1)}"


def between(diff: AgentDiff) -> str:
    """Which two are compared."""
    return f"{diff.left.label} → {diff.right.label}"


def _change(change: FieldChange) -> list[Content]:
    name = toned(change.field.replace("_", " ").replace(".", " · "), "strong")
    if change.kind is ChangeKind.VALUE and len(change.lines) == 1:
        return [joined(name, Content(change.lines[0].text), gap="  ")]
    return [name, *(_line(line) for line in change.lines)]


def _line(line: DiffLine) -> Content:
    indent = Content("  " * (line.depth + 1))
    tone = _TONES.get(line.sign, "")
    sign = toned(f"{line.sign} ", "quiet" if tone else "mine")
    return Content("").join([indent, sign, toned(line.text, tone)])
