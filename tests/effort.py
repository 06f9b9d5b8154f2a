"""How the work that a text makes grows with its length, in the processor's time: no clock on the wall."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

LINEAR = 9.0  # 4 would be exact, 16 is quadratic
_FEWEST, _MOST = 3, 9
_FLOOR = 0.001


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as long `work(4 * size)` takes as `work(size)`; each the best of some rounds, in CPU seconds.

    What looks too long is tried more often: a busy machine slows down some rounds, never all.
    """
    small, large = list[float](), list[float]()
    gc.disable()  # Its cost follows what else the process holds.
    try:
        while len(small) < _FEWEST or (_times(small, large) >= LINEAR and len(small) < _MOST):
            small.append(_spent(work, size))
            large.append(_spent(work, 4 * size))
    finally:
        gc.enable()
    return _times(small, large)


def _times(small: list[float], large: list[float]) -> float:
    return min(large) / max(min(small), _FLOOR)


def _spent(work: Callable[[int], object], size: int) -> float:
    begun = time.thread_time()
    work(size)
    return time.thread_time() - begun
