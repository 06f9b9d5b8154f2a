"""Keys of other services, as much of them as may be seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.text import SafeText


@dataclass(frozen=True, slots=True)
class Credential:
    """A sealed key: what it is for, its last characters (none of a short one), when it was set and how long ago."""

    kind: SafeText
    last_characters: SafeText
    set_at: datetime
    age: timedelta
