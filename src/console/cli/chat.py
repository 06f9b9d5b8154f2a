"""`console chat`: a visitor in the terminal, talking to an agent through the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from console.cli.call import Call
from console.cli.follow import Above, follow, show, tell_typing
from console.cli.parser import Parser
from console.cli.session import acting
from console.cli.stdin import lines_from_stdin
from console.cli.typed import Typed
from console.cli.visitor import Visitor, connect
from console.errors import ConsoleError, ExitCode, UsageError

_POLL_SECONDS = 0.4


def register(noun: Parser) -> None:
    """Add the arguments of `console chat`."""
    noun.handled_by(
        _chat,
        examples=[
            ("console chat --agent help", "talk; ctrl+d ends"),
            ("echo 'what is your return policy?' | console chat --agent help", "one question, one answer"),
        ],
    )
    noun.add_argument("--agent", metavar="SLUG", help="the agent to talk to")
    noun.add_argument("--gateway", metavar="URL", help="the gateway's address, if not the configured one")
    noun.add_argument("--key", metavar="PUBLIC_KEY", help="the agent's public key, if it can't be looked up")
    noun.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="wait so long for an answer")


async def resolve_gateway(call: Call) -> tuple[str, str]:
    """The gateway's address and the agent's public key, as given or as configured."""
    address = call.args.gateway or call.config.gateway_address
    if call.args.key:
        return address, call.args.key
    if not call.args.agent:
        raise UsageError("whom to talk to is not said", hint="console chat --agent SLUG")
    return address, await find_public_key(call, call.args.agent)


async def find_public_key(call: Call, agent: str) -> str:
    """The public key of an agent of the workspace, looked up by the signed-in person."""
    async with acting(call) as (services, actor):
        return (await services.agents.draft(actor, agent)).agent.public_key


async def _chat(call: Call) -> int:
    address, key = await resolve_gateway(call)
    async with connect(address) as client:
        visitor = Visitor(client)
        await visitor.start(key)
        if call.out.json:
            call.out.data({"conversation_id": visitor.conversation_id})
        live = sys.stdin is not None and sys.stdin.isatty()
        return await (_talk(call, visitor) if live else _piped(call, visitor))


async def _piped(call: Call, visitor: Visitor) -> int:
    """Send each line, wait for its answer, print it; 1 when some line had none."""
    code = ExitCode.OK
    async for line in lines_from_stdin():
        seq = await say(call, visitor, line)
        if seq is None:
            continue
        try:
            async with asyncio.timeout(call.args.timeout):
                await _answer(call, visitor, seq)
        except TimeoutError:
            call.out.say(f"no answer within {call.args.timeout:g} s")
            code = ExitCode.REFUSED
    return code


async def say(call: Call, visitor: Visitor, line: str) -> int | None:
    """Send what was typed and give its seq, or do what it asks for: /up, /down WHY, /lead EMAIL."""
    word, _, rest = line.strip().partition(" ")
    if word in {"/up", "/down"}:
        await visitor.rate(word[1:], rest.strip())
    elif word == "/lead":
        await visitor.leave(rest)
    else:
        return await visitor.send(line)
    call.out.say("thank you")
    return None


async def _answer(call: Call, visitor: Visitor, seq: int) -> None:
    while True:
        messages = await visitor.read()
        show(call, messages)
        if any(message["role"] != "user" and int(message["seq"]) > seq for message in messages):
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _talk(call: Call, visitor: Visitor) -> int:
    """Send what is typed and print what comes, until the input ends."""
    call.out.say("You are a visitor now: /up or /down [WHY] rates the last answer, /lead EMAIL leaves an address.")
    call.out.say("Type a message and enter; ctrl+d ends.")
    lines, above, typed = _ways(call)
    follower = asyncio.create_task(follow(call, visitor, above))
    teller = asyncio.create_task(tell_typing(visitor, typed)) if typed else None
    try:
        async for line in lines:
            try:
                await say(call, visitor, line)
            except ConsoleError as error:
                with above():
                    call.out.say(f"not sent: {error.message}")
    finally:
        for task in filter(None, (follower, teller)):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return ExitCode.OK


def _ways(call: Call) -> tuple[AsyncIterator[str], Above, Typed | None]:
    """How lines come in and how the rest is printed meanwhile: around a prompt where all is one terminal."""
    if call.out.json or not sys.stdout.isatty():
        return lines_from_stdin(), contextlib.nullcontext, None
    typed = Typed()
    return typed.lines(), typed.above, typed
