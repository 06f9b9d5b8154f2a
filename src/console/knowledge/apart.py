"""PDF and Word files, read in a process of their own: what they do to it, they do to nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from console.errors import InvalidInputError, RefusedError
from console.knowledge.outline import Block

SECONDS = 60.0
"""How long a file may take to be read, on a busy machine."""

_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
"""Of our environment, which holds passwords and keys, the child has no more than this."""
_MODULE = "console.knowledge.apart_child"


async def read_apart(data: bytes, media_type: str, *, seconds: float = SECONDS) -> tuple[str, list[Block]]:
    """Title and blocks of a PDF or Word file. What is raised says, without a subject, why there are none.

    `InvalidInputError` when it is the file's fault, `RefusedError` when it took too long or its reader fell over.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", _MODULE, media_type,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            said, _ = await child.communicate(data)
    except TimeoutError:
        raise RefusedError(f"takes longer than {seconds:g} s to read") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return _understood(said, child.returncode)


def _understood(said: bytes, code: int | None) -> tuple[str, list[Block]]:
    try:
        answer: Any = json.loads(said)
    except ValueError:
        # Killed by a signal: it asked for more time than it has, or fell over.
        raise RefusedError("can't be read: it asks for too much, or is broken", hint=f"exit code {code}") from None
    if "error" in answer:
        raise InvalidInputError(str(answer["error"]))
    return answer["title"], [Block(tuple(path), text) for path, text in answer["blocks"]]
