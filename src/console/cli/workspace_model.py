"""`console workspace model`: which endpoint and models the workspace uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import UsageError

if TYPE_CHECKING:
    from console.services.models import InForce


def register(noun: Parser) -> None:
    """Add `model` and its verbs to `console workspace`."""
    model = noun.group("model", "the endpoint and models that answer and embed here")
    model.verb("show", "what is in force", _show)
    change = model.verb(
        "set",
        "use others; what is left out stays, an empty text means the server's",
        _set,
        examples=[
            ("console workspace model set --default gpt-4o-mini --allow gpt-4o", "agents may name these two"),
            ("console workspace model set --base-url https://models.example/v1", "an endpoint of your own"),
        ],
    )
    change.add_argument(
        "--base-url", metavar="URL", help="an OpenAI-compatible endpoint; its key: credential set openai"
    )
    change.add_argument("--default", metavar="MODEL", help="the chat model of agents that name none")
    change.add_argument("--allow", metavar="MODEL", action="append", help="agents may name this one; may be repeated")
    change.add_argument("--embedding", metavar="MODEL", help="what embeds knowledge; a sync then embeds it anew")


async def _show(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        _print(call, await services.models.settings(actor))


async def _set(call: Call) -> None:
    from console.cli.session import acting

    args = call.args
    allowed = None if args.allow is None else tuple(name for name in args.allow if name)
    given = {"base_url": args.base_url, "default": args.default, "allowed": allowed, "embedding": args.embedding}
    changed = {name: value for name, value in given.items() if value is not None}
    if not changed:
        raise UsageError("nothing is given to set", hint="console workspace model set --help")
    if changed.get("allowed") and changed.get("default"):
        changed["allowed"] = tuple(dict.fromkeys([changed["default"], *changed["allowed"]]))
    async with acting(call) as (services, actor):
        now = (await services.models.settings(actor)).settings
        await services.models.change(actor, replace(now, **changed))
        _print(call, await services.models.settings(actor))


def _print(call: Call, found: InForce) -> None:
    has_key = bool(found.endpoint and found.endpoint.key)
    endpoint = found.endpoint.base_url if found.endpoint else None
    if call.out.json:
        call.out.data({
            "base_url": endpoint, "is_own": bool(found.settings.base_url), "has_key": has_key, "chat": found.chat,
            "allowed": found.settings.allowed, "embedding": found.embedding or None,
        })  # fmt: skip
        return
    if endpoint is None:
        call.out.text("no endpoint is set: answers are extracts of your own knowledge")
        return
    key = "with a key" if has_key else "without a key"
    call.out.text(
        f"endpoint   {endpoint}, {'the workspace’s own' if found.settings.base_url else 'the server’s'}, {key}"
    )
    call.out.text(f"chat       {found.chat}")
    call.out.text(f"allowed    {', '.join(found.settings.allowed) or 'any'}")
    call.out.text(f"embedding  {found.embedding or 'the packaged model'}")
