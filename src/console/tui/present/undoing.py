"""What `u` would take back, and acts on many, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from textual.content import Content

from console.domain.bulk import BulkAct, BulkPreview, BulkResult
from console.ids import ConversationId
from console.text import SafeText, one_line
from console.tui.present.tone import joined, toned
from console.tui.undo import Undoable, seconds_left

MOST = 6
_VERBS = {
    BulkAct.RESOLVE: ("resolve", "resolved"),
    BulkAct.SNOOZE: ("snooze", "snoozed"),
    BulkAct.ASSIGN: ("assign", "assigned"),
    BulkAct.LABEL: ("label", "labelled"),
    BulkAct.PRIORITY: ("set the priority of", "priority set for"),
}


def undo_line(undoable: Undoable, now: datetime) -> Content:
    """`resolved  u undo 7 s`."""
    left = toned(f"undo {seconds_left(undoable.until, now)} s", "quiet")
    return joined(toned(undoable.words, "strong"), joined(toned("u", "mine"), left, gap=" "))


def bulk_question(act: BulkAct, preview: BulkPreview) -> str:
    """What is about to be done."""
    can, all_ = len(preview.possible), len(preview.possible) + len(preview.left)
    how_many = f"{can}" if can == all_ else f"{can} of {all_}"
    return f"{_VERBS[act][0].capitalize()} {how_many} {'conversation' if all_ == 1 else 'conversations'}?"


def bulk_consequence(preview: BulkPreview, name: Callable[[ConversationId], SafeText], what: str) -> str:
    """What it does, and which ones stay as they are and why."""
    lines = [what] if what else []
    left = [f"left: {name(id)}, {why}" for id, why in preview.left]
    if len(left) > MOST:
        left = [*left[: MOST - 1], f"and {len(left) - MOST + 1} more are left"]
    return "\n".join([*lines, *(one_line(line) for line in left)])


def bulk_outcome(act: BulkAct, result: BulkResult) -> str:
    """`resolved 12, 2 left: held by Ann`."""
    said = f"{_VERBS[act][1]} {len(result.done)}"
    if not result.left:
        return said
    whys = Counter(why for _, why in result.left)
    reasons = [why if count == len(result.left) else f"{why} ({count})" for why, count in whys.most_common(3)]
    return one_line(f"{said}, {len(result.left)} left: {', '.join(reasons)}", 300)


def bulk_verb(act: BulkAct) -> str:
    """What yes means."""
    return "set it" if act is BulkAct.PRIORITY else _VERBS[act][0]


def bulk_progress(act: BulkAct, done: int, all_: int) -> Content:
    """How far it is."""
    return toned(f"{_VERBS[act][1]} {done} of {all_} …", "soon")
