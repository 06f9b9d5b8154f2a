"""Signals as an event that the event loop can wait for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_on_signals(*numbers: signal.Signals) -> Iterator[asyncio.Event]:
    """An event that these signals (else SIGTERM and SIGINT) set while the block runs."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = numbers or (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
