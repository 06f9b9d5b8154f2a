"""Objects of the domain as JSON would have them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from uuid import UUID


def to_json(value: object) -> str:
    """One line of JSON in printable ASCII: a control character, DEL too, is always an escape."""
    return json.dumps(plain(value), allow_nan=False)


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
