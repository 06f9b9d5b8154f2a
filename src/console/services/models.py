"""Which models are in force in a workspace: its own endpoint, key and choice, else those of this server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor, Role
from console.domain.agent import Published
from console.domain.model import (
    Endpoint,
    ModelDefaults,
    ModelPrice,
    ModelSettings,
    checked_settings,
    to_settings,
)
from console.ids import WorkspaceId
from console.seal import Seal
from console.services import audit
from console.services.credentials import OPENAI, unsealed
from console.services.unit import reading, writing

if TYPE_CHECKING:
    from console.ai.breaker import Breakers
    from console.ai.embedder import Embedder
    from console.ai.openai_client import OpenAiClient, Patience


@dataclass(frozen=True, slots=True)
class ChatModel:
    """The chat model in force, by name; `price` is None where nobody has told it."""

    client: OpenAiClient
    name: str
    price: ModelPrice | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What works for one answer; no chat model means an extract."""

    chat: ChatModel | None
    embedder: Embedder


@dataclass(frozen=True, slots=True)
class InForce:
    """What a workspace uses: for a person to read. `endpoint` None means extracts."""

    endpoint: Endpoint | None
    chat: str
    embedding: str
    settings: ModelSettings


class Models:
    """Chooses models and reaches them. Reads the settings anew each time, so that a change holds at once."""

    def __init__(
        self, db: Database, seal: Seal | None = None, defaults: Callable[[], ModelDefaults] = ModelDefaults, *,
        patience: Patience | None = None, breakers: Breakers | None = None,
    ) -> None:  # fmt: skip
        """`defaults` is asked once, in a thread: it may look into a keyring."""
        self._db = db
        self._seal = seal or Seal()
        self._ask = defaults
        self._defaults: ModelDefaults | None = None
        self._patience = patience
        self._breakers = breakers

    async def in_force(self, workspace_id: WorkspaceId) -> InForce:
        """What the workspace uses; `SealError` when its key can't be opened."""
        defaults = await self._known_defaults()
        async with self._db.read(workspace_id) as tx:
            return await self._read(tx, defaults)

    async def chosen(self, workspace_id: WorkspaceId, published: Published, packaged: Embedder) -> Chosen:
        """What answers for a version, and what embeds its questions; `SealError` when the key can't be opened."""
        defaults = await self._known_defaults()
        if defaults.endpoint is None and not (await self._own(workspace_id)).base_url:
            return Chosen(None, packaged)
        async with self._db.read(workspace_id) as tx:
            found = await self._read(tx, defaults)
            if found.endpoint is None:
                return Chosen(None, packaged)
            wanted = str(published.snapshot.get("model_config", {}).get("model") or "")
            name = found.settings.chosen(wanted, defaults.chat)
            chat = ChatModel(self._client(found.endpoint), name, await _price(tx, name))
            return Chosen(chat, await self._embedder(tx, found, packaged))

    async def embedder(self, workspace_id: WorkspaceId, packaged: Embedder) -> Embedder:
        """What embeds the workspace's knowledge and questions: the packaged model unless another is set."""
        defaults = await self._known_defaults()
        async with self._db.read(workspace_id) as tx:
            return await self._embedder(tx, await self._read(tx, defaults), packaged)

    async def reach(self, workspace_id: WorkspaceId) -> tuple[InForce, tuple[str, ...]]:
        """Ask the endpoint in force for its models (none without an endpoint); raises `ModelError`."""
        found = await self.in_force(workspace_id)
        return found, await self._client(found.endpoint).models() if found.endpoint else ()

    async def settings(self, actor: Actor) -> InForce:
        """What the actor's workspace uses."""
        async with reading(self._db, actor, "model.read", ("workspace", actor.workspace_id)):
            pass
        return await self.in_force(actor.workspace_id)

    async def change(self, actor: Actor, settings: ModelSettings) -> ModelSettings:
        """Set what the workspace uses; `InvalidInputError` for an address or name that can't be one."""
        async with writing(self._db, actor, "model.change", ("workspace", actor.workspace_id), Role.ADMIN) as tx:
            kept = checked_settings(settings)
            host = urlsplit(kept.base_url).hostname or "none"
            evidence = [f"endpoint:{host}", f"model:{kept.default or 'none'}"]
            await tx.execute(_CHANGE, model=json.dumps(asdict(kept)))
            await audit.record(tx, actor, "model.change", ("workspace", actor.workspace_id), evidence=evidence)
        return kept

    async def _own(self, workspace_id: WorkspaceId) -> ModelSettings:
        """In one round trip: most workspaces of a server without an endpoint have none either."""
        found = await self._db.read_once(workspace_id, _SETTINGS)
        return to_settings((found.rows[0].settings if found.rows else None) or {})

    async def _read(self, tx: ReadTx, defaults: ModelDefaults) -> InForce:
        settings = await _settings(tx)
        key = await unsealed(tx, self._seal, OPENAI) if settings.base_url or defaults.endpoint else None
        chat, embedding = settings.chosen("", defaults.chat), settings.embedding or defaults.embedding
        return InForce(_endpoint(settings, defaults, key), chat, embedding, settings)

    async def _embedder(self, tx: ReadTx, found: InForce, packaged: Embedder) -> Embedder:
        if found.endpoint is None or found.embedding in {"", packaged.model.name}:
            return packaged
        from console.ai.endpoint_embedder import EndpointEmbedder

        dimensions = await tx.scalar("SELECT dimensions FROM embedding_models WHERE name = :name", name=found.embedding)
        price = await _price(tx, found.embedding)
        return EndpointEmbedder(self._client(found.endpoint), found.embedding, dimensions or 0, packaged, price)

    def _client(self, endpoint: Endpoint) -> OpenAiClient:
        from console.ai.breaker import Breakers
        from console.ai.openai_client import OpenAiClient, Patience

        if self._breakers is None:
            self._breakers = Breakers()
        seconds = self._defaults.seconds if self._defaults else ModelDefaults().seconds
        patience = self._patience or Patience(call=seconds, whole=seconds * 1.5)
        return OpenAiClient(endpoint, self._breakers.of(endpoint.base_url, endpoint.key, endpoint.host), patience)

    async def _known_defaults(self) -> ModelDefaults:
        if self._defaults is None:
            self._defaults = await asyncio.to_thread(self._ask)
        return self._defaults


def fixed(defaults: ModelDefaults) -> Callable[[], ModelDefaults]:
    """Defaults that are known already."""
    return partial(_same, defaults)


def _same(defaults: ModelDefaults) -> ModelDefaults:
    return defaults


def _endpoint(settings: ModelSettings, defaults: ModelDefaults, key: str | None) -> Endpoint | None:
    """The workspace's address with its own key only: this server's key never goes to an address that a tenant named."""
    if settings.base_url:
        host = urlsplit(settings.base_url).hostname or ""
        return Endpoint(base_url=settings.base_url, key=key, is_tenants=host not in defaults.private_hosts)
    if defaults.endpoint is None or key is None:
        return defaults.endpoint
    return Endpoint(base_url=defaults.endpoint.base_url, key=key)


_SETTINGS = "SELECT settings FROM workspaces WHERE id = :ws"


async def _settings(tx: ReadTx) -> ModelSettings:
    return to_settings(await tx.scalar(_SETTINGS) or {})


async def _price(tx: ReadTx, name: str) -> ModelPrice | None:
    """By the whole name, else without the maker before a slash, as gateways of many models write it."""
    names = list({name, name.rpartition("/")[2]})
    row = await tx.row(_PRICE, names=names, name=name)
    return ModelPrice(row.input_usd, row.output_usd) if row else None


_PRICE = """
    SELECT input_usd, output_usd FROM model_prices WHERE model = ANY (:names) ORDER BY model <> :name LIMIT 1
"""
_CHANGE = """
    UPDATE workspaces SET settings = settings || jsonb_build_object('model', cast(:model AS jsonb)), updated_at = now()
    WHERE id = :ws
"""
