"""A real service with something done around one of its methods, where an interleaving must be forced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


class Around:
    """Everything is the service's own; calls of `method` go through `around(call)`."""

    def __init__(self, service: object, method: str, around: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]):
        self._service = service
        self._method = method
        self._around = around
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._service, name)
        if name != self._method:
            return real

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            return await self._around(lambda: real(*args, **kwargs))

        return call
