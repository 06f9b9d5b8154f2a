"""Rates by the generic cell rate algorithm (ITU-T I.371): one number for whoever is counted, however many they send."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

MINUTE = 60.0
MAX_COUNTED = 100_000


class Rate:
    """Counts by key: `limit` at once, after that one whenever its share of a minute has passed.

    At most `most` keys are remembered; past that the ones longest known are forgotten first.
    """

    def __init__(self, limit: int, *, most: int = MAX_COUNTED, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = MINUTE / limit
        self._most = most
        self._clock = clock
        self._full_at: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def count(self, key: Hashable) -> float:
        """Count one and give 0, or give the seconds until one more is allowed; what is refused does not count."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now) + self._share
        # A thousandth of a share forgives what adding floats loses.
        wait = full_at - now - MINUTE - self._share / 1000
        if wait > 0:
            return wait
        if key not in self._full_at and len(self._full_at) >= self._most:
            self._forget(now)
        self._full_at[key] = full_at
        return 0.0

    def _forget(self, now: float) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        for key in list(self._full_at)[: len(self._full_at) - self._most * 9 // 10]:
            del self._full_at[key]
