"""An answer in a chat model's own words: grounded in passages, checked, and withheld when it is not fit to be said."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.knowledge import Passage
from console.domain.message import Citation
from console.domain.run import Answer, AnswerKind, Turn
from console.knowledge.confidence import judged
from console.knowledge.outgoing import cleaned, holds, hosts_of
from console.knowledge.prompt import messages
from console.knowledge.reply import ModelReply, Verdict, read_reply
from console.services.models import ChatModel
from console.text import one_line, sanitise

SAID = {
    HandoffReason.POLICY_RESTRICTION: "I can't help with that here, so I'm passing you to a person, who will answer"
    " you here.",
    HandoffReason.TOOL_FAILURE: "Sorry, something went wrong on our side. A person will take over as soon as one is"
    " free.",
    HandoffReason.MISSING_KNOWLEDGE: "I found no answer to that in our pages, so I'm passing you to a person, who will"
    " answer you here.",
}
"""What the visitor is told instead of an answer."""

QUOTE_CHARS = 300
_MARK_BYTES = 12


async def answer_by_model(
    model: ChatModel, published: Published, turns: Sequence[Turn], passages: Sequence[Passage], retrieval: float,
    trace: dict[str, Any],
) -> Answer:  # fmt: skip
    """What the model says to the last of `turns`, or a handoff; `retrieval` is the confidence of the search alone.

    Raises `ModelError` when the model can't be used. Adds to `trace` what was called, read and decided.
    """
    mark = secrets.token_hex(_MARK_BYTES)
    trace["model"] = model.name
    config = published.snapshot.get("model_config", {})
    said = await model.client.chat(
        model.name, messages(published, passages, turns, mark),
        temperature=config.get("temperature", 0.2), max_tokens=config.get("max_tokens", 600),
    )  # fmt: skip
    trace |= _counted(model, said.tokens_in, said.tokens_out, said.ms)
    if holds(said.text, mark):
        return _handed_off(HandoffReason.POLICY_RESTRICTION, published, trace, "its words held the mark: withheld")
    reply = read_reply(said.text)
    if reply is None:
        why = "it was cut off" if said.is_cut else "it is empty or broken"
        return _handed_off(HandoffReason.TOOL_FAILURE, published, trace, f"the model's reply can't be read: {why}")
    return _judged(reply, published, passages, retrieval, trace)


def _judged(
    reply: ModelReply, published: Published, passages: Sequence[Passage], retrieval: float, trace: dict[str, Any]
) -> Answer:
    cited = [passages[number - 1] for number in reply.citations if 0 < number <= len(passages)]
    trace["verdict"] = reply.verdict
    trace["cited"] = [str(one.chunk_id) for one in cited]
    trace["not_given"] = [number for number in reply.citations if not 0 < number <= len(passages)]
    trace["passages"] = [one | {"quoted": one["chunk_id"] in trace["cited"]} for one in trace["passages"]]
    words = cleaned(reply.answer, hosts_of([*(one.uri for one in cited), *_own_links(published.snapshot)]))
    confidence = judged(retrieval, reply.verdict, cites=bool(cited))
    if reply.verdict is Verdict.CANNOT or (words and confidence < published.threshold):
        trace["draft"] = words
        return _refused(published, confidence, trace)
    if not words:
        return _handed_off(HandoffReason.TOOL_FAILURE, published, trace, "the model's answer holds no words")
    citations = tuple(_citation(one) for one in cited)
    return Answer(AnswerKind.MODEL, words, citations, confidence, published.threshold, None, trace)


def failed(published: Published, trace: dict[str, Any], error: str) -> Answer:
    """A handoff because a model can't be used: it says nothing of what the knowledge lacks."""
    return _handed_off(HandoffReason.TOOL_FAILURE, published, trace, error)


def _handed_off(reason: HandoffReason, published: Published, trace: dict[str, Any], error: str) -> Answer:
    trace["error"] = one_line(error, 300)
    return Answer(AnswerKind.HANDOFF, SAID[reason], (), 0.0, published.threshold, reason, trace)


def _refused(published: Published, confidence: float, trace: dict[str, Any]) -> Answer:
    reason = HandoffReason.MISSING_KNOWLEDGE
    return Answer(AnswerKind.HANDOFF, SAID[reason], (), confidence, published.threshold, reason, trace)


def _counted(model: ChatModel, tokens_in: int, tokens_out: int, ms: int) -> dict[str, Any]:
    cost = float(model.price.cost(tokens_in, tokens_out)) if model.price else 0.0
    return {
        "model": model.name, "tokens_in": tokens_in, "tokens_out": tokens_out, "cost_usd": cost, "model_ms": ms,
        "priced": model.price is not None,
    }  # fmt: skip


def _citation(one: Passage) -> Citation:
    quote = one.text if len(one.text) <= QUOTE_CHARS else f"{one.text[: QUOTE_CHARS - 1].rstrip()}…"
    return Citation(one_line(one.title), one_line(one.uri, 1000), sanitise(quote), one.chunk_id)


def _own_links(snapshot: Mapping[str, Any]) -> list[str]:
    return [str(one.get("url", "")) for one in snapshot.get("ctas", ())]
