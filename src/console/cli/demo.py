"""`console demo`: the whole product on this machine, with nothing to set up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from console.cli.call import Call
from console.cli.parser import Parser
from console.config import Config


def register(noun: Parser) -> None:
    """Add the arguments of `console demo`."""
    noun.handled_by(
        _demo,
        examples=[
            ("console demo", "open the console over two busy workspaces"),
            ("console demo --headless", "run it all without the screen; prints one line of JSON when ready"),
        ],
    )
    noun.add_argument("--headless", action="store_true", help="no screen: one line of JSON when ready, until SIGTERM")
    noun.add_argument("--fresh", action="store_true", help="delete the demo's data first")
    noun.add_argument("--data", metavar="DIR", help="keep the demo's data here")


async def _demo(call: Call) -> int:
    from console.demo.run import begin_anew, headless, on_screen

    config = _config(call)
    if call.args.fresh:
        begin_anew(config, call.out.say)
    if call.args.headless:
        await headless(config, call.out.say, call.out.data)
        return 0
    from console.cli.run import need_screen

    need_screen()
    return await on_screen(config, call.out.say)


def _config(call: Call) -> Config:
    """The settings with a data directory of the demo's own, so that it never meets real data."""
    config = call.config
    data = Path(call.args.data).expanduser().absolute() if call.args.data else config.data_dir / "demo"
    return replace(config, paths=replace(config.paths, data=data, state=data / "state"))
