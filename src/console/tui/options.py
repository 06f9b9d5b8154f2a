"""Where the console is, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.text import SafeText


@dataclass(frozen=True, slots=True)
class Place:
    """The workspace that the console is in."""

    slug: SafeText
    name: SafeText


@dataclass(frozen=True, slots=True)
class Options:
    """How the console looks, how often it looks at the clock (seconds), and the folder of drafts not yet saved.

    `ascii` draws with plain signs only; `notify` is how the console calls somebody who looks elsewhere.
    """

    theme: str = "dark"
    tick: float = 1.0
    drafts: Path | None = None
    ascii: bool = False
    notify: str = "bell"
