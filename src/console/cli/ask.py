"""`console ask`: what an agent would answer, outside any conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.cli.session import acting

if TYPE_CHECKING:
    from console.services.asking import Asked


def register(noun: Parser) -> None:
    """Add the arguments of `console ask`."""
    examples = [("console ask --agent help 'how do I reset my password?'", "answer, citations, confidence")]
    noun.handled_by(_ask, examples=examples)
    noun.add_argument("question", metavar="QUESTION", help="what a visitor might ask")
    noun.add_argument("--agent", metavar="SLUG", required=True, help="which agent; its live version answers")


async def _ask(call: Call) -> None:
    async with acting(call) as (services, actor):
        asked = await services.asking.ask(actor, call.args.agent, call.args.question)
    if call.out.json:
        call.out.data(_as_json(asked))
    else:
        _print(call, asked)
        call.out.say("This is a try: nothing was passed on to anybody.")


def _print(call: Call, asked: Asked) -> None:
    answer = asked.answer
    call.out.text(answer.content)
    for citation in answer.citations:
        call.out.text(f"  [{citation.title}] {citation.uri}")
    verdict = f"{answer.kind.value}, confidence {answer.confidence:.2f} (threshold {answer.threshold:.2f})"
    reason = f", handed off: {answer.reason.replace('_', ' ')}" if answer.reason else ""
    call.out.say(f"{verdict}{reason}, version {asked.agent_version}, {asked.ms} ms, run {asked.run_id}")


def _as_json(asked: Asked) -> dict[str, object]:
    answer = asked.answer
    return {
        "answer": answer.content, "kind": answer.kind, "reason": answer.reason, "citations": answer.citations,
        "confidence": answer.confidence, "threshold": answer.threshold, "gap_id": None, "run_id": asked.run_id,
        "agent_version": asked.agent_version, "model": answer.trace["model"],
        "tokens_in": answer.trace.get("tokens_in", 0), "tokens_out": answer.trace.get("tokens_out", 0),
        "cost_usd": answer.trace.get("cost_usd", 0.0), "ms": asked.ms,
    }  # fmt: skip
