"""How the work that a text makes grows with its length, in the processor's time: no clock on the wall."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

LINEAR = 9.0  # 4 would be exact, 16 is quadratic
_ROUNDS = 3
_FLOOR = 0.001


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as long `work(4 * size)` takes as `work(size)`; each the best of some rounds, in CPU seconds."""
    gc.disable()  # Its cost follows what else the process holds.
    try:
        rounds = [(_spent(work, size), _spent(work, 4 * size)) for _ in range(_ROUNDS)]
    finally:
        gc.enable()
    return min(large for _, large in rounds) / max(min(small for small, _ in rounds), _FLOOR)


def _spent(work: Callable[[int], object], size: int) -> float:
    begun = time.thread_time()
    work(size)
    return time.thread_time() - begun
