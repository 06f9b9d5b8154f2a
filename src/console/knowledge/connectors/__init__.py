"""Where documents come from: one kind of source a module, all behind the same two functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from console.errors import InvalidInputError
from console.knowledge.connectors.fetched import Fetched

KINDS = ("file", "folder")
"""The kinds of source that can be read today."""

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Connector:
    """One kind of source. `check` gives the source's own URI; `count` how many items `fetch` will give.

    All block, and raise `ConsoleError` when the source as a whole can't be read.
    """

    check: Callable[[str], str]
    count: Callable[[str, Settings], int]
    fetch: Callable[[str, Settings], Iterator[Fetched]]


def connector(kind: str) -> Connector:
    """The connector for a kind of source; `InvalidInputError` names the kinds there are."""
    if kind not in KINDS:
        raise InvalidInputError(f"{kind!r} is no kind of source", hint=f"kinds are {', '.join(KINDS)}")
    module = import_module(f"console.knowledge.connectors.{kind}")
    return Connector(module.check, module.count, module.fetch)
