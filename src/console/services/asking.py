"""A question asked outside any conversation, to see what an agent would say."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.agent import Published
from console.domain.message import MessageRole
from console.domain.run import Answer, Turn
from console.errors import InvalidInputError
from console.ids import AgentId, RunId, new_id
from console.services.agent_rows import agent_row
from console.services.answering import Answering
from console.services.embedding_usage import add_embeddings
from console.services.run_records import tokens_of
from console.services.search import MAX_QUESTION_CHARS
from console.services.trial import Trial, count_trial, trial
from console.services.unit import reading, writing
from console.services.versions import as_if_published, published


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent said, the run that kept it, and how long it took in milliseconds; version None is the draft."""

    answer: Answer
    run_id: RunId
    agent_version: int | None
    ms: int


class Asking:
    """Asks an agent's live version or draft; the run is kept as an evaluation, outside conversations and gaps."""

    def __init__(self, db: Database, answering: Answering) -> None:
        self._db = db
        self._answering = answering

    async def ask(self, actor: Actor, agent: str, question: str, *, draft: bool = False) -> Asked:
        """Ask an agent (a slug), its draft if wished.

        Raises `NotFoundError`, `OverQuotaError` where its tokens find no room, and `InvalidInputError` for an empty or
        overlong question.
        """
        if not question.strip():
            raise InvalidInputError("an empty question has no answer", hint="give some words")
        if len(question) > MAX_QUESTION_CHARS:
            raise InvalidInputError(
                f"the question has {len(question):,} characters, more than {MAX_QUESTION_CHARS:,}", hint="shorten it"
            )
        started = time.perf_counter()
        async with reading(self._db, actor, "agent.ask", ("agent", None), Role.MEMBER) as tx:
            row = await agent_row(tx, agent)
            version = await (as_if_published(tx, row) if draft else published(tx, AgentId(row.id)))
        turns = [Turn(MessageRole.USER, question)]
        tokens = await self._answering.estimate(actor.workspace_id, version, turns)
        async with trial(self._db, actor.workspace_id, tokens) as held:
            answer = await self._answering.answer(actor.workspace_id, version, turns)
            ms = round((time.perf_counter() - started) * 1000)
            await self._keep(actor, version, answer, ms, held)
        return Asked(answer, held.id, version.number or None, ms)

    async def _keep(self, actor: Actor, version: Published, answer: Answer, ms: int, held: Trial) -> None:
        run_id, version_id = held.id, None if version.is_draft else version.version_id
        kept = {name: value for name, value in answer.trace.items() if name != "embedding"} | {
            "kind": answer.kind, "confidence": answer.confidence, "threshold": answer.threshold,
            "reason": answer.reason,
        }  # fmt: skip
        async with writing(self._db, actor, "agent.ask", ("agent", version.agent_id)) as tx:
            await tx.execute(
                _RUN, id=run_id, agent=version.agent_id, version=version_id, model=answer.trace["model"], ms=ms,
                results=len(answer.trace["passages"]), length=len(answer.content), text=answer.content,
                output=json.dumps(kept), success="error" not in answer.trace, error=answer.trace.get("error", ""),
                **_spent(answer),
            )  # fmt: skip
            await tx.execute(
                _USAGE, id=new_id(), key=f"eval:{run_id}", agent=version.agent_id, version=version_id,
                run=run_id, model=answer.trace["model"], ms=ms, at=held.reserved.at, **_spent(answer),
            )  # fmt: skip
            if used := answer.trace.get("embedded"):
                await add_embeddings(
                    tx, run_id, used, held.reserved.at, agent=version.agent_id, version=version_id, run=run_id
                )
            await count_trial(tx, held, tokens_of(answer))


def _spent(answer: Answer) -> dict[str, float]:
    trace = answer.trace
    return {
        "tokens_in": trace.get("tokens_in", 0), "tokens_out": trace.get("tokens_out", 0),
        "cost": trace.get("cost_usd", 0.0),
    }  # fmt: skip


_RUN = """
    INSERT INTO runs (workspace_id, id, kind, state, agent_id, agent_version_id, model, duration_ms, iterations,
                      searches, results, response_length, success, error, output_text, output, tokens_in, tokens_out,
                      cost_usd, started_at, finished_at)
    VALUES (:ws, :id, 'eval', CASE WHEN :success THEN 'complete' ELSE 'failed' END, :agent, :version, :model, :ms, 1, 1,
            :results, :length, :success, :error, :text, cast(:output AS jsonb), :tokens_in, :tokens_out, :cost,
            now() - make_interval(secs => :ms / 1000.0), now())
"""
_USAGE = """
    INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, agent_id, agent_version_id, run_id, model,
                              duration_ms, tokens_in, tokens_out, cost_usd, occurred_at)
    VALUES (:ws, :id, :key, 'evals', :agent, :version, :run, :model, :ms, :tokens_in, :tokens_out, :cost, :at)
"""
