"""What differs between two states of an agent, setting by setting in the settings' own order."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from console.domain.agent_settings import SETTINGS, Setting, with_defaults
from console.domain.line_diff import DiffLine, Sign, item_lines, text_lines
from console.domain.setting_kinds import ALL_SOURCES
from console.text import SafeText, one_line, sanitise

CURATED = "curated_answers"
_SOURCES = "retrieval_config.sources"
_SHORT = 60
_MOST_SHOWN = 200

NameOfSource = Callable[[str], str]


class ChangeKind(StrEnum):
    """How a change is told."""

    VALUE = "value"
    TEXT = "text"
    LIST = "list"
    ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One setting that differs: both values as they are stored, and the lines that tell it."""

    field: str
    kind: ChangeKind
    before: Any
    after: Any
    lines: tuple[DiffLine, ...]

    @property
    def count(self) -> int:
        """How many changes it is: each curated answer is one."""
        return sum(not line.depth for line in self.lines) if self.kind is ChangeKind.ANSWERS else 1


def diff_snapshots(
    before: Mapping[str, Any], after: Mapping[str, Any], name_of: NameOfSource = str
) -> tuple[FieldChange, ...]:
    """The settings that differ between two snapshots; `name_of` gives the name of a source by its id as text.

    What a snapshot lacks counts as its default.
    """
    told = _Told(name_of)
    left, right = _flat(before), _flat(after)
    changed = [(key, left[key], right[key]) for key in left if left[key] != right[key]]
    found = [told.change(key, *values) for key, *values in changed]
    answers = _answers(before.get(CURATED) or (), after.get(CURATED) or ())
    return (*found, *answers)


class _Told:
    """Puts one change into lines."""

    def __init__(self, name_of: NameOfSource) -> None:
        self._name_of = name_of

    def change(self, key: str, before: Any, after: Any) -> FieldChange:
        """The change of one setting."""
        if isinstance(before, list) and isinstance(after, list):
            say: Callable[[Any], str] = self._name_of if key == _SOURCES else _item
            return FieldChange(key, ChangeKind.LIST, before, after, item_lines(before, after, say))
        if _is_long(before) or _is_long(after):
            return FieldChange(key, ChangeKind.TEXT, before, after, text_lines(before, after))
        line = f"{self._value(before)} -> {self._value(after)}"
        return FieldChange(key, ChangeKind.VALUE, before, after, (DiffLine(Sign.CHANGED, sanitise(line)),))

    def _value(self, value: Any) -> str:
        if isinstance(value, list):  # beside "all": the sources that are named
            names = ", ".join(self._name_of(id) for id in value)
            return one_line(names, _MOST_SHOWN) or "none"
        return ALL_SOURCES if value is None else value_text(value)


def value_text(value: Any) -> SafeText:
    """One short value as a person reads it."""
    if isinstance(value, bool):
        return SafeText("yes" if value else "no")
    if isinstance(value, float):
        return SafeText(f"{value:.15g}")
    return one_line(json.dumps(value, ensure_ascii=False), _MOST_SHOWN)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > _SHORT)


def _item(value: Any) -> str:
    if isinstance(value, Mapping) and "label" in value:
        return f"{value['label']} <{value.get('url', '')}>"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _flat(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting by its dotted path, in order."""
    settings = with_defaults(snapshot)
    settings["retrieval_config"]["sources"] = snapshot.get("sources")
    return dict(_paths(settings))


def _paths(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, setting in SETTINGS.items():
        if isinstance(setting, Setting):
            yield name, settings[name]
        else:
            yield from ((f"{name}.{key}", settings[name][key]) for key in setting)


def _answers(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[FieldChange]:
    old, new = _by_id(before), _by_id(after)
    lines: list[DiffLine] = []
    for id in [*old, *(id for id in new if id not in old)]:
        lines += _answer(old.get(id), new.get(id))
    if lines:
        yield FieldChange(CURATED, ChangeKind.ANSWERS, list(before), list(after), tuple(lines))


def _answer(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[DiffLine]:
    if old is None or new is None:
        sign = Sign.ADDED if old is None else Sign.REMOVED
        return [DiffLine(sign, _asked(new or old or {}))]
    if (said := _said(old)) == (says := _said(new)) and _questions(old) == _questions(new):
        return []
    lines = [DiffLine(Sign.CHANGED, _asked(new))]
    lines += (_deeper(line) for line in item_lines(_questions(old), _questions(new), lambda asked: f"asked: {asked}"))
    if said != says and not _is_long(said) and not _is_long(says):
        return [*lines, DiffLine(Sign.CHANGED, sanitise(f"{value_text(said)} -> {value_text(says)}"), 1)]
    return lines + [_deeper(line) for line in text_lines(said, says)]


def _by_id(answers: Sequence[Mapping[str, Any]]) -> dict[Hashable, Mapping[str, Any]]:
    return {str(answer.get("id", number)): answer for number, answer in enumerate(answers)}


def _questions(answer: Mapping[str, Any]) -> list[Any]:
    return list(answer.get("questions") or ())


def _said(answer: Mapping[str, Any]) -> str:
    return str(answer.get("answer", ""))


def _asked(answer: Mapping[str, Any]) -> SafeText:
    return one_line(next((str(question) for question in _questions(answer)), "(no question)"), _MOST_SHOWN)


def _deeper(line: DiffLine) -> DiffLine:
    return DiffLine(line.sign, line.text, line.depth + 1)
