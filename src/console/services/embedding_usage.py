"""What embeddings by an endpoint cost a workspace; those of the packaged model cost nothing and are not counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.clock import utc_now
from console.db.engine import Database, WriteTx
from console.domain.quota import Metric
from console.ids import DocumentId, new_id
from console.services.crawl_lease import Crawl
from console.services.quotas import require_room, spend

if TYPE_CHECKING:
    from console.ai.embedder import Embedder, Vectors
    from console.knowledge.chunk import ChunkText

_ADD = """
    INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, quantity, agent_id, agent_version_id,
                              conversation_id, run_id, model, domain, tokens_in, cost_usd, occurred_at)
    VALUES (:ws, :id, :key, 'embeddings', :texts, :agent, :version, :conversation, :run, :model, :domain, :tokens,
            :cost_usd, :at)
    ON CONFLICT (workspace_id, idempotency_key) DO NOTHING
"""


async def add_embeddings(
    tx: WriteTx, key: UUID | str, used: Mapping[str, Any], at: datetime, *, agent: UUID | None = None,
    version: UUID | None = None, conversation: UUID | None = None, run: UUID | None = None, domain: str = "",
) -> bool:  # fmt: skip
    """Add the event of what was `used`: the model, its tokens, US dollars, and how many texts. Counters are apart.

    False when the key has its event already.
    """
    added = await tx.execute(
        _ADD, id=new_id(), key=f"embeddings:{key}", at=at, agent=agent, version=version, conversation=conversation,
        run=run, domain=domain, **{"texts": 1, **used},
    )  # fmt: skip
    return added.rowcount > 0


class DocumentUsage:
    """What the document in hand has taken of an endpoint and is not counted yet: no more than one batch."""

    def __init__(self, db: Database, crawl: Crawl, embedder: Embedder) -> None:
        self._db = db
        self._crawl = crawl
        self._embedder = embedder
        self._texts = self._tokens = self._times = 0

    async def require_room(self, chunks: Sequence[ChunkText]) -> None:
        """Raise `OverQuotaError` where the tokens of these chunks find no room beside those not counted yet."""
        from console.ai.endpoint_embedder import EndpointEmbedder

        if isinstance(self._embedder, EndpointEmbedder):
            tokens = self._tokens + sum(chunk.token_count for chunk in chunks)
            async with self._db.read(self._crawl.workspace_id) as tx:
                await require_room(tx, Metric.TOKENS, utc_now(), max(1, tokens))

    async def embedded(self, texts: Sequence[str]) -> Vectors:
        """The texts' vectors; what they took waits to be counted."""
        from console.ai.endpoint_embedder import EndpointEmbedder, embedded

        found = await embedded(self._embedder, texts, gives_way=True)
        if isinstance(self._embedder, EndpointEmbedder):
            self._texts += len(texts)
            self._tokens += found.tokens
        return found.vectors

    async def count(self, tx: WriteTx, document_id: DocumentId) -> None:
        """Count it in the transaction that keeps the vectors, or gives them up: once, however often that is tried."""
        from console.ai.endpoint_embedder import used_by

        if not self._texts:
            return
        used, at = {**used_by(self._embedder, self._tokens), "texts": self._texts}, utc_now()
        if await add_embeddings(tx, f"{self._crawl.token}:{document_id}:{self._times}", used, at):
            await spend(tx, Metric.TOKENS, self._tokens, at)

    def counted(self) -> None:
        """Begin anew, once that transaction is committed."""
        self._texts = self._tokens = 0
        self._times += 1
