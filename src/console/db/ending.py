"""The end of a task that may not hear that it is over: a library can turn its cancellation into an error of its own."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_SECONDS = 0.3


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task until it has ended; what it ended with is nobody's business any more."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_SECONDS)
