"""Every use case that takes an actor and the id of a thing, found by walking `console.services`."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

import console.services
from console.db.engine import Database
from console.domain.bulk import BulkAct
from console.domain.conversation import Priority
from tests.services.knowledge_support import HashEmbedder

TABLES = {
    "AgentId": "agents",
    "ChunkId": "chunks",
    "ContactId": "contacts",
    "ConversationId": "conversations",
    "CuratedId": "curated_answers",
    "DocumentId": "documents",
    "GapId": "knowledge_gaps",
    "RunId": "runs",
    "SourceId": "sources",
    "UserId": "workspace_users",
    "VersionId": "agent_versions",
}
"""Where the things live that ids name."""

_NAMED = re.compile(r"^(?:(\w+Id)(?: \| str)?|(ConversationId|UserId) \| None)$")
_PLAIN: dict[str, Any] = {"str": "text", "int": 1, "Mapping[str, Any]": {}, "VersionId | None": None}
_BY_NAME: dict[str, Any] = {
    "kind": "reply", "settings": {"name": "Taken"}, "origin": "https://shop.test", "act": BulkAct.RESOLVE,
    "priority": Priority.URGENT, "held_id": UUID(int=1), "questions": ["text"],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class UseCase:
    """A method of a service, and the parameter that names the thing."""

    service: type
    method: str
    parameter: str
    table: str

    def __str__(self) -> str:
        return f"{self.service.__name__}.{self.method}({self.parameter})"

    def bound(self, db: Database) -> Callable[..., Any]:
        """The method of a service over `db`."""
        given = {"db": db, "embedder": HashEmbedder(), "direct_url": db.url}
        parameters = list(inspect.signature(self.service).parameters.values())
        needed = [given[p.name] for p in parameters if p.default is p.empty]
        return getattr(self.service(*needed), self.method)  # type: ignore[no-any-return]

    def arguments(self, id: UUID) -> dict[str, Any]:
        """The call's arguments after the actor: `id` for the thing, something harmless for the rest."""
        found: dict[str, Any] = {}
        for name, parameter in _after_actor(getattr(self.service, self.method)).items():
            if name == self.parameter:
                found[name] = id
            elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
                found[name] = _BY_NAME.get(name, _PLAIN.get(parameter.annotation))
        return found


def use_cases() -> list[UseCase]:
    """Every one, by name; a new service or id can't be left out."""
    found = []
    for service in _services():
        for name, method in inspect.getmembers(service, inspect.iscoroutinefunction):
            for parameter in _after_actor(method).values():
                named = _NAMED.match(str(parameter.annotation))
                if named and not name.startswith("_"):
                    found.append(UseCase(service, name, parameter.name, TABLES[named[1] or named[2]]))
    return sorted(found, key=str)


def _services() -> list[type]:
    modules = [import_module(f"console.services.{m.name}") for m in pkgutil.iter_modules(console.services.__path__)]
    return [
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__
    ]


def _after_actor(method: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = dict(inspect.signature(method).parameters)
    return {n: p for n, p in parameters.items() if n not in {"self", "actor"}} if "actor" in parameters else {}
