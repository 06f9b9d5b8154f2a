"""The model endpoint: whether it can be reached, takes the key, and knows the model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.bootstrap import Runtime, session_token, signed_in
from console.doctor.finding import Finding, broken, doubtful, fine
from console.errors import ConsoleError

if TYPE_CHECKING:
    from console.config import Config
    from console.domain.model import Endpoint

_SHOWN = 5


async def endpoint(config: Config) -> Finding:
    """The server's own."""
    from console.model_key import model_defaults

    defaults = await asyncio.to_thread(model_defaults, config)
    if defaults.endpoint is None:
        return fine("model endpoint", "none set: answers are extracts of your own knowledge")
    return await _reached("model endpoint", defaults.endpoint, (defaults.chat, defaults.embedding))


async def of_workspace(runtime: Runtime) -> Finding | None:
    """That of the workspace of whoever is signed in; None where it is the server's."""
    if await session_token(runtime) is None:
        return None
    try:
        actor = await signed_in(runtime)
    except ConsoleError:
        return None
    found = await runtime.services.models.in_force(actor.workspace_id)
    if found.endpoint is None or not (found.settings.base_url or found.settings.default or found.settings.embedding):
        return None
    return await _reached("workspace's model", found.endpoint, (found.chat, found.embedding))


async def _reached(name: str, there: Endpoint, wanted: tuple[str, str]) -> Finding:
    from console.ai.breaker import Breaker
    from console.ai.model_error import ModelError, Trouble
    from console.ai.openai_client import OpenAiClient, Patience

    chat, embedding = wanted
    shown = f"{chat} at {there.host}" + (f", embeddings by {embedding}" if embedding else "")
    client = OpenAiClient(there, Breaker(there.host), Patience(connect=3, call=6, whole=6, retries=0))
    try:
        listed = await client.models()
    except ModelError as error:
        if error.trouble in {Trouble.UNKNOWN, Trouble.REJECTED}:
            return doubtful(name, f"{shown}: reached, but it lists no models", "console ask shows whether it answers")
        return broken(name, error.message, error.hint or "look at the endpoint's own log")
    missing = [model for model in wanted if model and model not in listed]
    if listed and missing:
        has = ", ".join(listed[:_SHOWN])
        return doubtful(
            name, f"{there.host} does not list {' and '.join(missing)}; it has {has}",
            "name one of them: CONSOLE_MODEL_CHAT, or console workspace model set --default",
        )  # fmt: skip
    return fine(name, shown)
