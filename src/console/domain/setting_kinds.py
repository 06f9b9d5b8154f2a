"""Kinds of settings: each takes a value given and returns what is kept, or raises `ValueError` with what is wanted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.domain.names import is_plain

ALL_SOURCES = "all"
MAX_ITEMS = 200


def text(limit: int = 2000) -> Callable[[Any], str]:
    """Text of at most `limit` characters, without NUL and lone surrogates."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be text, not {kind_of(value)}")  # noqa: TRY004 - one kind of error for all
        if len(value) > limit:
            raise ValueError(f"has {len(value):,} characters, more than {limit:,}")
        if re.search("[\x00\ud800-\udfff]", value):
            raise ValueError("holds a character that can't be stored")
        return value

    return check


def some_text(limit: int) -> Callable[[Any], str]:
    """Text that is not blank."""

    def check(value: Any) -> str:
        kept = text(limit)(value).strip()
        if not kept:
            raise ValueError("must not be empty")
        return kept

    return check


def line(limit: int) -> Callable[[Any], str]:
    """One line of text that is not blank, without control characters."""

    def check(value: Any) -> str:
        kept = some_text(limit)(value)
        if not is_plain(kept):
            raise ValueError("must be one line without control characters")
        return kept

    return check


def one_of(*words: str) -> Callable[[Any], str]:
    """One of some words."""

    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return str(value)

    return check


def number(low: float, high: float) -> Callable[[Any], float]:
    """A number from `low` to `high`."""

    def check(value: Any) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}, not {shown(value)}")
        return float(value)

    return check


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A whole number from `low` to `high`."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {shown(value)}")
        return value

    return check


def truth(value: Any) -> bool:
    """A truth value."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"must be true or false, not {shown(value)}")


def texts(value: Any) -> list[str]:
    """A list of texts."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_ITEMS:
        raise ValueError(f"must be a list of at most {MAX_ITEMS} texts, not {kind_of(value)}")
    if wrong := [item for item in value if not isinstance(item, str)]:
        raise ValueError(f"must be a list of texts, and {kind_of(wrong[0])} is in it")
    return [some_text(2000)(item) for item in value]


def links(value: Any) -> list[dict[str, str]]:
    """A list of tables with a label and a web address."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_ITEMS:
        raise ValueError(f"must be a list of tables with label and url, not {kind_of(value)}")
    return [_link(item) for item in value]


def _link(item: Any) -> dict[str, str]:
    if not isinstance(item, Mapping) or set(item) != {"label", "url"}:
        raise ValueError("must be tables with exactly label and url")
    url = some_text(2000)(item["url"])
    if not url.startswith(("https://", "http://", "mailto:")):
        raise ValueError("must have a url that begins with https://, http:// or mailto:")
    return {"label": line(200)(item["label"]), "url": url}


def sources(value: Any) -> str | list[str]:
    """`all`, or a list of names or ids of sources."""
    if value == ALL_SOURCES:
        return ALL_SOURCES
    if isinstance(value, str):
        raise ValueError('must be "all" or a list of names of sources')  # noqa: TRY004 - as above
    return texts(value)


def colour(value: Any) -> str:
    """Nothing, or a colour as #rrggbb."""
    if not isinstance(value, str) or not re.fullmatch("(#[0-9a-fA-F]{6})?", value):
        raise ValueError("must be a colour like #1a2b3c")
    return value


def kind_of(value: Any) -> str:
    """What a value is, in a person's words."""
    words = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return next((word for kind, word in words.items() if isinstance(value, kind)), "something else")


def shown(value: Any) -> str:
    """A short value itself, else its kind."""
    return str(value).lower() if isinstance(value, int | float) else kind_of(value)
