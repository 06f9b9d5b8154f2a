"""Rows by the names of their columns, and the parameters of a statement by theirs."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from psycopg import AsyncCursor

from console.db.begin import for_driver

_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave back, and how many rows it touched."""

    rows: Sequence[Any]
    rowcount: int


@lru_cache(1000)
def driver_text(text: str) -> tuple[bytes, frozenset[str]]:
    """The statement as the driver takes it, and the names of its parameters."""
    bound = for_driver(text)
    return bound.encode(), frozenset(_PARAMETER.findall(bound))


def by_name(cursor: AsyncCursor[Any]) -> Callable[[Sequence[Any]], Any]:
    """Makes named tuples; of several columns of one name the first has it."""
    result = cursor.pgresult
    assert result is not None  # noqa: S101 - the driver asks when it has one
    return _shape(tuple(result.fname(at) or b"" for at in range(result.nfields)))


@cache
def _shape(names: tuple[bytes, ...]) -> Callable[[Sequence[Any]], Any]:
    columns = [name.decode() for name in names]
    made: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc] # noqa: PYI024 - names are found late
    make: Callable[[Sequence[Any]], Any] = made._make
    return make
