"""`console ask`: what an agent would answer, outside any conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.cli.call import Call
from console.cli.parser import Parser
from console.cli.session import acting
from console.errors import ExitCode

if TYPE_CHECKING:
    from console.services.asking import Asked


def register(noun: Parser) -> None:
    """Add the arguments of `console ask`."""
    examples = [("console ask --agent help 'how do I reset my password?'", "answer, citations, confidence")]
    noun.handled_by(_ask, examples=examples)
    noun.add_argument("question", metavar="QUESTION", help="what a visitor might ask")
    noun.add_argument("--agent", metavar="SLUG", required=True, help="which agent; its live version answers")
    noun.add_argument("--draft", action="store_true", help="let the draft answer instead")


async def _ask(call: Call) -> int:
    async with acting(call) as (services, actor):
        asked = await services.asking.ask(actor, call.args.agent, call.args.question, draft=call.args.draft)
    if call.out.json:
        call.out.data(_as_json(asked))
    else:
        _print(call, asked)
        call.out.say("This is a try: nothing was passed on to anybody.")
    return ExitCode.REFUSED if "error" in asked.answer.trace else ExitCode.OK


def _print(call: Call, asked: Asked) -> None:
    answer = asked.answer
    call.out.text(answer.content)
    for citation in answer.citations:
        call.out.text(f"  [{citation.title}] {citation.uri}")
    verdict = f"{answer.kind.value}, confidence {answer.confidence:.2f} (threshold {answer.threshold:.2f})"
    reason = f", handed off: {answer.reason.replace('_', ' ')}" if answer.reason else ""
    version = f"version {asked.agent_version}" if asked.agent_version else "draft"
    call.out.say(f"{verdict}{reason}, {version}, {asked.ms} ms, run {asked.run_id}")
    _say_model(call, answer.trace)


def _say_model(call: Call, trace: Mapping[str, Any]) -> None:
    if "error" in trace:
        call.out.say(f"no answer came of it: {trace['error']}")
    if "model_ms" in trace:
        cost = f"{trace['cost_usd']:.6f} US dollars" if trace["priced"] else "no price is known"
        tokens = f"{trace['tokens_in']} tokens in, {trace['tokens_out']} out"
        call.out.say(f"model {trace['model']}, {trace['model_ms']} ms, {tokens}, {cost}")


def _as_json(asked: Asked) -> dict[str, object]:
    answer = asked.answer
    return {
        "answer": answer.content, "kind": answer.kind, "reason": answer.reason, "citations": answer.citations,
        "confidence": answer.confidence, "threshold": answer.threshold, "gap_id": None, "run_id": asked.run_id,
        "agent_version": asked.agent_version, "curated": answer.trace.get("curated"), "model": answer.trace["model"],
        "tokens_in": answer.trace.get("tokens_in", 0), "tokens_out": answer.trace.get("tokens_out", 0),
        "embedding_tokens": (answer.trace.get("embedded") or {}).get("tokens", 0),
        "cost_usd": answer.trace.get("cost_usd", 0.0), "error": answer.trace.get("error"), "ms": asked.ms,
    }  # fmt: skip
