"""What may be set on an agent: every key, its kind, its default and what it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from console.domain import setting_kinds as kinds
from console.domain.setting_kinds import ALL_SOURCES, kind_of
from console.errors import InvalidInputError

DEFAULT_THRESHOLD = 0.5
DEFAULT_TURNS = 30
MAX_PROMPT = 50_000


class SettingError(InvalidInputError):
    """A setting can't be used; `key` is its dotted path."""

    def __init__(self, key: str, why: str, *, hint: str | None = None) -> None:
        self.key = key
        super().__init__(f"{key} {why}", hint=hint)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: `check` takes what was given and returns what is kept, or raises `ValueError` saying what is wanted."""

    check: Callable[[Any], Any]
    default: Any
    help: str


Table = Mapping[str, Setting]

SETTINGS: Mapping[str, Setting | Table] = {
    "name": Setting(kinds.line(200), "", "what visitors see"),
    "description": Setting(kinds.text(), "", "for your colleagues"),
    "visibility": Setting(kinds.one_of("public", "private", "hidden"), "public", "public, private or hidden"),
    "system_prompt": Setting(kinds.text(MAX_PROMPT), "", "what the model is told about its work"),
    "guardrails": Setting(kinds.texts, [], "what the agent must never do, a sentence each"),
    "behaviour_rules": Setting(kinds.texts, [], "how it should behave, a sentence each"),
    "capabilities": Setting(kinds.texts, [], "what it is good for, a few words each"),
    "ctas": Setting(kinds.links, [], 'links to offer: { label = "Book a call", url = "https://..." }'),
    "persona": {
        "role": Setting(kinds.text(), "", "for instance: support assistant"),
        "tone": Setting(kinds.text(), "", "for instance: friendly and brief"),
        "language": Setting(kinds.text(35), "", "a language tag such as en; empty: the visitor's"),
    },
    "theme": {
        "business_name": Setting(kinds.text(200), "", "the name over the chat"),
        "welcome_text": Setting(kinds.text(), "", "the first words in it"),
        "icon": Setting(kinds.text(), "", "the address of a picture"),
        "colour": Setting(kinds.colour, "", "like #1a2b3c"),
    },
    "model_config": {
        "model": Setting(kinds.text(200), "", "empty: the workspace's own"),
        "temperature": Setting(kinds.number(0, 2), 0.2, "0 to 2; low is dull and true"),
        "max_tokens": Setting(kinds.whole(16, 32_000), 600, "the longest answer"),
        "max_turns": Setting(kinds.whole(1, 1000), DEFAULT_TURNS, "after so many answers in a row a person takes over"),
    },
    "retrieval_config": {
        "rag": Setting(kinds.truth, True, "answer from knowledge"),
        "sources": Setting(kinds.sources, ALL_SOURCES, '"all", or a list of names of sources'),
        "threshold": Setting(kinds.number(0, 1), DEFAULT_THRESHOLD, "below this confidence a person takes over"),
        "passages": Setting(kinds.whole(1, 50), 8, "how many passages are read for an answer"),
        "embedding_model": Setting(kinds.text(200), "", "empty: the workspace's own"),
    },
    "scheduling": {
        "time_zone": Setting(kinds.text(64), "", "empty: the workspace's own"),
        "hours": Setting(kinds.texts, [], 'when people are there: "mon-fri 09:00-17:00"'),
    },
}


def check_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The whole settings, what was left out by its default; `SettingError` for what is unknown or wrong."""
    return _checked(SETTINGS, given, "")


def with_defaults(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Stored settings as this version knows them: what is missing by its default, what is unknown left out."""
    return _filled(SETTINGS, stored)


def _filled(schema: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: stored.get(name, deepcopy(setting.default))
        if isinstance(setting, Setting)
        else _filled(setting, stored.get(name, {}))
        for name, setting in schema.items()
    }


def _checked(schema: Mapping[str, Any], given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    for name in given:
        if name not in schema:
            raise _unknown(prefix + name, schema)
    return {name: _one(setting, given.get(name), prefix + name, name in given) for name, setting in schema.items()}


def _one(setting: Setting | Table, value: Any, key: str, is_given: bool) -> Any:
    if not isinstance(setting, Setting):
        if is_given and not isinstance(value, Mapping):
            raise SettingError(key, f"must be a table, not {kind_of(value)}")
        return _checked(setting, value or {}, f"{key}.")
    try:
        return setting.check(value if is_given else deepcopy(setting.default))
    except ValueError as error:
        raise SettingError(key, str(error)) from None


def _unknown(key: str, schema: Mapping[str, Any]) -> SettingError:
    from difflib import get_close_matches

    close = get_close_matches(key.rpartition(".")[2], list(schema), 1)
    return SettingError(
        key, "is no setting", hint=f"did you mean {close[0]}?" if close else f"there are {', '.join(schema)}"
    )
