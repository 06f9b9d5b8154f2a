"""Start the demo by the given `console`: be a visitor and get an answer or a handoff, then open it in a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import urllib.request
import uuid
from typing import Any

PATIENCE_SECONDS = 120
LAST_DRAWN = b"take over"


def call(url: str, body: object = None, **headers: str) -> dict[str, Any]:
    """One JSON request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} | headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        result: dict[str, Any] = json.load(answer)
        return result


def ask(ready: dict[str, Any]) -> None:
    """Ask as a visitor until the assistant has said something."""
    gateway, key = ready["gateway_url"], ready["workspaces"][0]["agents"][0]["public_key"]
    started = call(f"{gateway}/v1/agents/{key}/conversations", {"name": "Wheel"})
    messages = f"{gateway}/v1/conversations/{started['conversation_id']}/messages"
    bearer = {"Authorization": f"Bearer {started['visitor_token']}"}
    question = {"content": "How many days do I have to return an item?"}
    call(messages, question, **bearer, **{"Idempotency-Key": uuid.uuid4().hex})
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        said = [m for m in call(f"{messages}?after=0", **bearer)["messages"] if m["role"] == "assistant"]
        if said:
            print("answered:", said[0]["content"][:120])
            return
        time.sleep(0.5)
    raise SystemExit("nobody answered")


def read_until(terminal: int, wanted: bytes) -> bytes:
    """What a terminal shows until it has shown this; without it, until its process closes it."""
    seen, until = b"", time.monotonic() + PATIENCE_SECONDS
    with contextlib.suppress(OSError):  # closed
        while time.monotonic() < until and not (wanted and wanted in seen):
            ready, _, _ = select.select([terminal], [], [], 1.0)
            seen += os.read(terminal, 65536) if ready else b""
    return seen


def open_in_terminal(console: str) -> None:
    """Open the demo at 80x24, see the inbox with its keys, and leave."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(console, [console, "demo"], os.environ | {"TERM": "xterm-256color"})  # noqa: S606 - the program under test
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = read_until(terminal, LAST_DRAWN)
    os.write(terminal, b"q")
    read_until(terminal, b"")
    if LAST_DRAWN not in seen:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit(f"the console did not open and end well ({status}): {seen[-2000:]!r}")
    print("opened and left")


def main() -> None:
    """Run the demo, ask, stop it, open it in a terminal."""
    started = time.monotonic()
    demo = subprocess.Popen([sys.argv[1], "demo", "--headless"], stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert demo.stdout is not None  # noqa: S101
        ready = json.loads(demo.stdout.readline())
        print(f"ready in {time.monotonic() - started:.1f} s")
        ask(ready)
        print(f"answered after {time.monotonic() - started:.1f} s")
    finally:
        demo.send_signal(signal.SIGTERM)
        if demo.wait(60) != 0:
            raise SystemExit(f"the demo ended with {demo.returncode}")
    open_in_terminal(sys.argv[1])


if __name__ == "__main__":
    main()
