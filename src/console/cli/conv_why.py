"""`console conv why` and `suggestion`: what was behind an answer, and one that was never given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.conv_id import on_one
from console.cli.parser import Parser
from console.cli.session import acting
from console.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.domain.actor import Actor
    from console.domain.run import Trace, TracePassage
    from console.ids import ConversationId
    from console.services import Services


def register(noun: Parser) -> None:
    """Add the verbs."""
    why = on_one(noun, "why", "why the AI said it: how sure it was, which passages it saw", _why)
    why.add_argument("seq", metavar="SEQ", type=int, nargs="?", help="which message (the AI's newest)")
    on_one(noun, "suggestion", "what the AI was about to say when a person took over", _suggestion)


async def _why(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        seq = await _newest(services, actor, id) if call.args.seq is None else call.args.seq
        trace = await services.conversations.trace(actor, id, seq)
    if call.out.json:
        call.out.data(trace)
        return
    for label, text in _lines(trace):
        call.out.text(f"{label:12}{' '.join(text.split())}")


async def _newest(services: Services, actor: Actor, id: ConversationId) -> int:
    transcript = await services.conversations.transcript(actor, id)
    for message in reversed(transcript.messages):
        if message.role == "assistant":
            return message.seq
    raise NotFoundError("the AI has said nothing in the newest messages", hint=f"console conv show {id}")


def _lines(trace: Trace) -> Iterator[tuple[str, str]]:
    from console.domain.trace_words import against_threshold, how_near, mark, outcome
    from console.domain.words import percent

    yield "question", f"“{trace.question}”"
    sure = percent(trace.confidence) if trace.confidence is not None else "not measured"
    yield "confidence", f"{sure} {against_threshold(trace)}"
    yield "outcome", outcome(trace)
    if trace.matched:
        yield "matched", f"“{trace.matched}”, {how_near(trace.similarity)}"
    if trace.error:
        yield "error", trace.error
    version = f", version {trace.agent_version}" if trace.agent_version else ""
    yield "run", f"{trace.run_id}{version}{f', {trace.model}' if trace.model else ''}"
    for number, passage in enumerate(trace.passages, 1):
        yield f"passage {number}", _passage(passage, mark(trace, passage))


def _passage(passage: TracePassage, made_of_it: str) -> str:
    from console.domain.trace_words import place

    ranks = f"dense {passage.dense_rank or '-'}, text {passage.text_rank or '-'}, fused {passage.score:.2f}"
    return f"{place(passage)} ({ranks}{made_of_it and f', {made_of_it}'})"


async def _suggestion(call: Call) -> None:
    async with acting(call) as (services, actor):
        id = await services.conversations.find(actor, call.args.id)
        found = await services.conversations.suggestion(actor, id)
    if found is None:
        raise NotFoundError("nobody took over while the AI was about to speak", hint=f"console conv show {id}")
    if call.out.json:
        call.out.data(found)
    else:
        call.out.text(found.content)
