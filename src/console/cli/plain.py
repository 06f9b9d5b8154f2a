"""Objects of the domain as JSON would have them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from uuid import UUID

_STRING_OR_SMALL = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?[\d.]+e-\d+')


def to_json(value: object) -> str:
    """One line of JSON in printable ASCII: a control character, DEL too, is always an escape.

    A small number is written out, 0.00000004, never as 4e-08.
    """
    return _STRING_OR_SMALL.sub(_written_out, json.dumps(plain(value), allow_nan=False))


def _written_out(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else f"{Decimal(found[0]):f}"


def plain(value: object) -> object:
    """Dataclasses to objects, ids and times to text, NaN to null; `TypeError` for what has no JSON form."""
    match value:
        case Enum():
            return plain(value.value)
        case Decimal() | float():
            return float(value) if math.isfinite(value) else None
        case None | bool() | int() | str():
            return value
        case datetime() | date():
            return value.isoformat()
        case UUID() | Path():
            return str(value)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Iterable() if not isinstance(value, bytes | bytearray):
            return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")
