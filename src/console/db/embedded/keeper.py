"""A server that dies under its users is started again by whichever of them sees it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from console import log
from console.db.embedded import locks
from console.errors import ConsoleError

CHECK_SECONDS = 1.0
_LONGEST_PAUSE = 30.0


class Keeper:
    """Looks after the server whose processes hold `lock`; `start` starts it unless it runs, under the start lock."""

    def __init__(self, lock: Path, start: Callable[[], object]) -> None:
        self._lock = lock
        self._start = start
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="server keeper", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more; returns when a start that has begun is through."""
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        pause = CHECK_SECONDS
        while not self._over.wait(pause):
            pause = CHECK_SECONDS if self._lives() else min(pause * 2, _LONGEST_PAUSE)

    def _lives(self) -> bool:
        """Whether it runs, if need be again."""
        try:
            if locks.is_free(self._lock):
                log.event("server.gone")
                self._start()
                log.event("server.back")
        except (ConsoleError, OSError) as error:
            log.event("server.down", why=str(error))
            return False
        return True
