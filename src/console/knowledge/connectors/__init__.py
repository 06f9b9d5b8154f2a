"""Where documents come from: one kind of source a module, all behind the same three functions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from console.addresses import Reach
from console.errors import InvalidInputError
from console.knowledge.connectors.fetched import Before, Fetched
from console.knowledge.connectors.local import require_readable

KINDS = ("file", "folder", "url")
"""The kinds of source that can be read today."""
_ON_THIS_MACHINE = frozenset({"file", "folder"})


@dataclass(frozen=True, slots=True)
class Connector:
    """One kind of source. `check` gives the source's own URI; `count` how many items `fetch` will give.

    `fetch` is told what may be dialled, and what is known of the items that were read before. All raise
    `ConsoleError` when the source as a whole can't be read.
    """

    check: Callable[[str, Reach], Awaitable[str]]
    count: Callable[[str], Awaitable[int]]
    fetch: Callable[[str, Reach, Mapping[str, Before]], AsyncIterator[Fetched]]


def connector(kind: str) -> Connector:
    """The connector for a kind of source; `InvalidInputError` names the kinds there are."""
    if kind not in KINDS:
        raise InvalidInputError(f"{kind!r} is no kind of source", hint=f"kinds are {', '.join(KINDS)}")
    module = import_module(f"console.knowledge.connectors.{kind}")
    return _local(module) if kind in _ON_THIS_MACHINE else Connector(module.check, module.count, module.fetch)


def _local(module: ModuleType) -> Connector:
    """Reading this machine's files blocks: it is done in a thread, item by item."""

    async def check(place: str, reach: Reach) -> str:
        await asyncio.to_thread(require_readable, place, reach)
        return str(await asyncio.to_thread(module.check, place))

    async def count(uri: str) -> int:
        return int(await asyncio.to_thread(module.count, uri))

    async def fetch(uri: str, reach: Reach, _before: Mapping[str, Before]) -> AsyncIterator[Fetched]:
        await asyncio.to_thread(require_readable, uri, reach)
        items: Iterator[Fetched] = module.fetch(uri)
        while item := await asyncio.to_thread(next, items, None):
            yield item

    return Connector(check, count, fetch)
