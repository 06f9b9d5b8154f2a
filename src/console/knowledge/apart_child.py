"""The process that reads one PDF or Word file from its standard input: `python -m ... MEDIA_TYPE`, JSON out."""

from __future__ import annotations

import json
import logging
import resource
import sys
from contextlib import suppress

from console.errors import InvalidInputError
from console.knowledge.media import PDF
from console.knowledge.outline import Block

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 30
MAX_CHARS = 5_000_000
"""How much text one file may hold."""

_LIMITS = (
    (resource.RLIMIT_AS, MEMORY_BYTES),
    (resource.RLIMIT_CPU, CPU_SECONDS),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 32),
)


def main(media_type: str) -> None:
    """Read, and say what came of it."""
    data = sys.stdin.buffer.read()
    for limit, most in _LIMITS:
        with suppress(OSError, ValueError):  # Not every system knows every limit.
            resource.setrlimit(limit, (most, most))
    logging.disable()
    sys.stdout.write(json.dumps(_answer(data, media_type)))


def _answer(data: bytes, media_type: str) -> dict[str, object]:
    try:
        title, blocks = _read(data, media_type)
    except InvalidInputError as error:
        return {"error": error.message}
    except MemoryError:
        return {"error": f"asks for more than {MEMORY_BYTES // 1_000_000} MB of memory"}
    except Exception:  # Whatever a broken file leads its reader into is that file's fault.
        return {"error": "can't be read: it is broken"}
    if sum(len(block.text) for block in blocks) > MAX_CHARS:
        return {"error": f"holds more than {MAX_CHARS:,} characters"}
    return {"title": title, "blocks": [(block.heading_path, block.text) for block in blocks]}


def _read(data: bytes, media_type: str) -> tuple[str, list[Block]]:
    if media_type == PDF:
        from console.knowledge.pdf import read_pdf

        return read_pdf(data)
    from console.knowledge.docx import read_docx

    return read_docx(data)


if __name__ == "__main__":
    main(sys.argv[1])
