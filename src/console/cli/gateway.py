"""`console gateway`: serves visitors over HTTP until it is told to stop."""

from __future__ import annotations

from importlib import import_module

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import UsageError

_MAX_PORT = 65535


def register(noun: Parser) -> None:
    """Add the arguments of `console gateway`."""
    noun.handled_by(
        _gateway,
        examples=[
            ("console gateway", "serve on the configured address"),
            ("console gateway --port 0 --json", "any free port; prints the address"),
        ],
    )
    noun.add_argument("--host", metavar="HOST", help="listen on this address, if not the configured one")
    noun.add_argument("--port", type=int, metavar="PORT", help="listen on this port, 0 for any")


async def _gateway(call: Call) -> None:
    host = call.args.host or call.config.gateway_host
    port = call.config.gateway_port if call.args.port is None else call.args.port
    if not 0 <= port <= _MAX_PORT:
        raise UsageError(f"{port} is no port", hint=f"--port 0 to {_MAX_PORT}")

    def listening(port: int) -> None:
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if call.out.json:
            call.out.data({"gateway_url": url})
        call.out.say(f"the gateway listens on {url}")

    await import_module("console.bootstrap").run_gateway(call.config, host, port, listening)
