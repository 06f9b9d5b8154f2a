"""`console`: the way in. What everybody asks first, the help, waits for no module that it does not need."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line given (else the process's own) and return its exit code; never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words in (["--help"], ["-h"]) and _helped():
        return 0
    from console.cli.run import run

    return run(words)


def _helped() -> bool:
    """Print the help; False where that fails, for the long way to say why."""
    from console.cli.top_help import top_help

    try:
        sys.stdout.write(top_help())
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):  # full, closed, or none at all
        return False
    return True
