"""A part of the worker that outlives its database: it is begun again until it is told to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import psycopg
from procrastinate.exceptions import ProcrastinateException

from console.errors import ConsoleError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 3.0
_LOG = logging.getLogger(__name__)


async def outlast(work: Callable[[], Awaitable[None]], name: str) -> None:
    """Do `work`, again after each failure of the database or the queue, ever more slowly; returns when it returns."""
    pause = FIRST_PAUSE
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            return await work()
        except (ConsoleError, ProcrastinateException, psycopg.Error, OSError) as error:
            # The queue takes a cancellation for a wish to stop, and may then fail at stopping.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError from error
            _LOG.warning("%s begins again: %s", name, type(error).__name__)
        pause = FIRST_PAUSE if loop.time() - began > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)
