"""The AI's turn: a queued run is taken, answered outside any transaction, and published behind the fence."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import uuid4

from console.db.engine import Database, WriteTx
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.message import MessageRole
from console.domain.run import Answer, AnswerKind, RunState, Turn
from console.errors import ConnectionFailedError, ConsoleError
from console.ids import AgentId, ConversationId, RunId, WorkspaceId
from console.services.answer_usage import used_up
from console.services.publishing import publish
from console.services.quotas import Refused, Reserved, release, reserve
from console.services.run_lease import LEASE_SECONDS, LOCK_CONVERSATION, kept
from console.services.run_records import Begun, LostLeaseError
from console.services.turn_budget import spent, turn_budget
from console.services.versions import to_published

_USED = ("model", "tokens_in", "tokens_out", "cost_usd", "embedded")
QUIET_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
PATIENCE = 3
"""After this many answers superseded by a typing visitor, the next one waits for a moment of quiet."""
HISTORY = 20


class Answerer(Protocol):
    """Finds the answer to a conversation; no transaction is open meanwhile."""

    async def answer(self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn]) -> Answer:
        """The answer to what was said in `turns`, oldest first; the last one is the visitor's."""
        ...


Estimate = Callable[[WorkspaceId, Published, Sequence[Turn]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Wait:
    """The visitor is still typing: the run stays queued, to be tried again after so many seconds."""

    seconds: float


async def _go_on(_point: str) -> None:
    return


async def _no_tokens(_workspace_id: WorkspaceId, _published: Published, _turns: Sequence[Turn]) -> int:
    return 0


class Answers:
    """Runs of kind `answer`.

    `estimate` says how many tokens an answer may take, `checkpoint` is awaited at every step of a run, by name, so that
    tests can force what happens between.
    """

    def __init__(
        self, db: Database, answerer: Answerer, *, estimate: Estimate = _no_tokens,
        checkpoint: Callable[[str], Awaitable[None]] = _go_on,
    ) -> None:  # fmt: skip
        self._db = db
        self._answerer = answerer
        self._estimate = estimate
        self._checkpoint = checkpoint

    async def run(self, workspace_id: WorkspaceId, run_id: RunId) -> RunState | Wait | None:
        """Answer one queued run. None when there is nothing to do: it is done, cancelled, or another's."""
        started = time.monotonic()
        await self._checkpoint("queued")
        begun = await self._begin(workspace_id, run_id)
        if not isinstance(begun, Begun):
            return begun
        async with kept(self._db, workspace_id, run_id, begun.token):
            await self._checkpoint("begun")
            begun, answer = await self._find(begun)
            await self._checkpoint("answered")
            state = await self._conclude(begun, answer, round((time.monotonic() - started) * 1000))
        await self._checkpoint("published")
        return state

    async def _begin(self, workspace_id: WorkspaceId, run_id: RunId) -> Begun | Wait | None:
        async with self._db.write(workspace_id) as tx:
            # First of all, so that the next statement sees the visitor's newest message: one that is about to
            # commit found this run queued and queued none of its own.
            await tx.execute(LOCK_CONVERSATION, id=run_id)
            row = await tx.row(_TAKE, id=run_id)
            if row is None:
                return None
            if row.control != "ai" or row.status != "open" or not row.waits:
                await _close(tx, run_id, RunState.CANCELLED)
                await release(tx, run_id)
                return None
            if row.supersessions >= PATIENCE and row.quiet < QUIET_SECONDS and row.age < PATIENCE_SECONDS:
                return Wait(QUIET_SECONDS - row.quiet)
            version = to_published(AgentId(row.agent_id), row.version_id, row.number, row.snapshot)
            token = uuid4()
            turns = await tx.rows(
                _START, id=run_id, token=token, lease=LEASE_SECONDS, epoch=row.epoch, seq=row.last_visitor_seq,
                version=version.version_id, conversation=row.conversation_id, limit=HISTORY,
            )  # fmt: skip
            tx.hint("conversation", row.conversation_id)
            return Begun(
                workspace_id, run_id, ConversationId(row.conversation_id), AgentId(row.agent_id), token, row.epoch,
                row.last_visitor_seq, row.domain, _turns(turns), version, row.attempt >= row.max_attempts,
                row.ai_turns,
            )  # fmt: skip

    async def _find(self, begun: Begun) -> tuple[Begun, Answer]:
        """The answer, and the run with what was set aside for it; no failure leaves the visitor without a word."""
        if begun.exhausted:
            return begun, _failed(begun.published, "the answer was begun and lost too often")
        if begun.ai_turns >= turn_budget(begun.published):
            return begun, spent(begun.published)
        try:
            found = await self._reserve(begun)
            if isinstance(found, Refused):
                return replace(begun, refused=found.quota), used_up(begun.published, found.quota)
            begun = replace(begun, reserved=found)
            await self._checkpoint("reserved")
            return begun, await self._answerer.answer(begun.workspace_id, begun.published, begun.turns)
        except (ConnectionFailedError, LostLeaseError):
            raise  # The run goes back to the queue, or is another's.
        except Exception as error:
            return begun, _broken(begun.published, error)

    async def _reserve(self, begun: Begun) -> Reserved | Refused:
        tokens = await self._estimate(begun.workspace_id, begun.published, begun.turns)
        found = await reserve(self._db, begun.workspace_id, begun.run_id, begun.token, tokens)
        if found is None:
            raise LostLeaseError
        return found

    async def _conclude(self, begun: Begun, answer: Answer, ms: int) -> RunState:
        """Publish; an answer that can't be stored hands over like one that can't be found."""
        try:
            return await publish(self._db, begun, answer, ms)
        except (ConsoleError, LostLeaseError):
            raise
        except Exception as error:
            broken = _broken(begun.published, error)
            used = {name: answer.trace[name] for name in _USED if name in answer.trace}
            return await publish(self._db, begun, replace(broken, trace={**broken.trace, **used}), ms)


_TAKE = """
    SELECT r.conversation_id, r.agent_id, r.attempt, r.max_attempts, v.id AS version_id, v.number, v.snapshot,
        c.control, c.status, c.epoch, c.last_visitor_seq, c.supersessions, c.ai_turns, c.domain,
        greatest(0, extract(epoch FROM now() - c.last_message_at))::float AS quiet,
        extract(epoch FROM now() - r.created_at)::float AS age,
        'user' = (SELECT m.role FROM messages m WHERE m.workspace_id = :ws AND m.conversation_id = c.id
                  AND m.role IN ('user', 'assistant', 'human') ORDER BY m.seq DESC LIMIT 1) AS waits
    FROM runs r
    JOIN conversations c ON c.workspace_id = r.workspace_id AND c.id = r.conversation_id
    JOIN agents a ON a.workspace_id = r.workspace_id AND a.id = r.agent_id
    LEFT JOIN agent_versions v ON v.workspace_id = r.workspace_id AND v.agent_id = r.agent_id
        AND v.id = coalesce(r.agent_version_id, a.published_version_id)
    WHERE r.workspace_id = :ws AND r.id = :id
      AND (r.state = 'queued' OR (r.state = 'running' AND r.lease_expires_at < now()))
    FOR UPDATE OF r
"""
# The run begins, and what was said so far comes with it, newest first.
_START = """
    WITH started AS (
        UPDATE runs SET state = 'running', attempt = attempt + 1, lease_token = :token, started_at = now(),
            lease_expires_at = now() + make_interval(secs => :lease), epoch = :epoch, visitor_seq = :seq,
            agent_version_id = :version
        WHERE workspace_id = :ws AND id = :id)
    SELECT role, content, seq, lag(seq, 1, 0) OVER (ORDER BY seq) <= resolved AND seq > resolved AS anew
    FROM messages, (SELECT coalesce(max(after_seq), -1) AS resolved FROM conversation_events
                    WHERE workspace_id = :ws AND conversation_id = :conversation AND kind = 'resolved') e
    WHERE workspace_id = :ws AND conversation_id = :conversation
        AND role IN ('user', 'assistant', 'human') ORDER BY seq DESC LIMIT :limit
"""


async def _close(tx: WriteTx, run_id: RunId, state: RunState) -> None:
    await tx.execute(
        "UPDATE runs SET state = :state, finished_at = now() WHERE workspace_id = :ws AND id = :id",
        id=run_id, state=state,
    )  # fmt: skip


def _turns(newest_first: Sequence[Any]) -> tuple[Turn, ...]:
    return tuple(Turn(MessageRole(row.role), row.content, row.anew, row.seq) for row in reversed(newest_first))


def _broken(published: Published, error: Exception) -> Answer:
    from console.log import incident

    return _failed(published, f"{type(error).__name__}, incident {incident(error)}")


def _failed(published: Published, error: str) -> Answer:
    content = "Sorry, something went wrong on our side. A person will take over as soon as one is free."
    reason = HandoffReason.TOOL_FAILURE
    return Answer(AnswerKind.HANDOFF, content, (), 0.0, published.threshold, reason, {"error": error})
