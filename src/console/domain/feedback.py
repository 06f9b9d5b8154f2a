"""What visitors think of answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.text import SafeText


class Rating(StrEnum):
    """Thumb up, thumb down."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Feedback:
    """A visitor's last word on the answer with that seq."""

    seq: int
    rating: Rating
    comment: SafeText
    updated_at: datetime

    @property
    def word(self) -> str:
        """The rating as staff reads it."""
        return "helpful" if self.rating is Rating.UP else "not helpful"
