"""Places where a test may kill this process: armed by CONSOLE_FAILPOINT, nothing otherwise."""

from __future__ import annotations

import os
import signal

_NAME, _, _COUNT = os.environ.get("CONSOLE_FAILPOINT", "").partition(":")
_left = int(_COUNT) if _COUNT.isdecimal() else 1


class FailpointError(Exception):
    """A failpoint named with the count `raise` was passed."""


def hit(name: str) -> None:
    """Pass the failpoint `name`; `CONSOLE_FAILPOINT=name:3` makes its third passing a SIGKILL, `any:3` that of any.

    Raises `FailpointError` instead with `CONSOLE_FAILPOINT=name:raise`.
    """
    if _NAME not in (name, "any"):
        return
    global _left  # noqa: PLW0603 - one process, one armed place
    _left -= 1
    if _COUNT == "raise":
        raise FailpointError(name)
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
