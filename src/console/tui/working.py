"""Work that takes a while: always in a named group, and never the end of the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec

from textual.dom import DOMNode

P = ParamSpec("P")


def start(
    node: DOMNode, group: str, work: Callable[P, Coroutine[Any, Any, None]], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Begin `work`; what runs in the same group of the same node is cancelled.

    The coroutine is made by the worker itself: one that is cancelled before its first step would never be awaited.
    """
    job: Callable[[], Awaitable[None]] = partial(work, *args, **kwargs)
    node.run_worker(job, group=group, exclusive=True, exit_on_error=False)


def also(
    node: DOMNode, group: str, work: Callable[P, Coroutine[Any, Any, None]], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Begin `work` beside what runs already."""
    job: Callable[[], Awaitable[None]] = partial(work, *args, **kwargs)
    node.run_worker(job, group=group, exclusive=False, exit_on_error=False)
