"""A breaker: after some failures in a row an endpoint is left alone for a while, then tried by one caller."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from console.ai.model_error import ModelError, Trouble

FAILURES = 5
REST_SECONDS = 30.0


class Breaker:
    """Counts the failures of one endpoint; safe between threads."""

    def __init__(
        self, name: str, *, failures: int = FAILURES, rest: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._name = name
        self._limit = failures
        self._rest = rest
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._until = 0.0

    def enter(self) -> None:
        """Let a call through, or raise `ModelError` at once while the endpoint rests."""
        with self._lock:
            if self._failures < self._limit:
                return
            now = self._clock()
            if now < self._until:
                seconds = max(1, round(self._until - now))
                raise ModelError(
                    Trouble.OPEN,
                    f"the model at {self._name} failed {self._failures} times in a row and is left alone"
                    f" for {seconds} s more",
                    hint="console doctor",
                    after=self._until - now,
                )
            self._until = now + self._rest

    def worked(self) -> None:
        """A call came back well."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """A call failed as it does in an outage."""
        with self._lock:
            self._failures += 1
            self._until = self._clock() + self._rest


class Breakers:
    """One breaker an endpoint and key: a tenant that is over its own limit slows nobody else down."""

    def __init__(self, *, failures: int = FAILURES, rest: float = REST_SECONDS) -> None:
        self._failures = failures
        self._rest = rest
        self._kept: dict[tuple[str, int], Breaker] = {}

    def of(self, base_url: str, key: str | None, name: str) -> Breaker:
        """The breaker of an endpoint."""
        place = (base_url, hash(key))
        if place not in self._kept:
            self._kept[place] = Breaker(name, failures=self._failures, rest=self._rest)
        return self._kept[place]
