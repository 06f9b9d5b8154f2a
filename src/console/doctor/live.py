"""What runs: the session, the worker, the gateway, the embedding model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.bootstrap import Runtime, session_token, signed_in
from console.doctor.finding import Finding, broken, doubtful, fine
from console.errors import NotSignedInError

if TYPE_CHECKING:
    from console.config import Config

_PATIENCE_SECONDS = 3.0
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


async def session(runtime: Runtime) -> Finding:
    """Who is signed in."""
    if await session_token(runtime) is None:
        return doubtful("session", "nobody is signed in", "console login (console init on a fresh server)")
    try:
        actor = await signed_in(runtime)
    except NotSignedInError as error:
        given = runtime.config.session_token or runtime.config.password
        return (broken if given else doubtful)("session", error.message, error.hint or "console login")
    return fine("session", f"{actor.email}, {actor.role.label}")


async def worker(runtime: Runtime) -> Finding:
    """Whether a worker lives, and whether answers wait for one."""
    from console.services.health import WORKER_SECONDS, worker_health

    health = await worker_health(runtime.db)
    waiting = f"{health.overdue} answers wait for longer than {WORKER_SECONDS} s" if health.overdue else ""
    if health.workers:
        return doubtful("worker", f"lives, but {waiting}", "start another: console worker") if waiting else _lives()
    if runtime.config.database_url:
        return broken("worker", f"none lives; {waiting or 'visitors get no answer'}", "console worker")
    if waiting:
        return doubtful("worker", f"none lives; {waiting}", "console  (an open console starts one)")
    return fine("worker", "none lives; an open console starts one")


def _lives() -> Finding:
    return fine("worker", "lives, nothing overdue")


async def gateway(config: Config) -> Finding:
    """Whether visitors can come; not every machine has a gateway, so that it is never a failure."""
    import httpx

    address = config.gateway_address
    try:
        own = httpx.URL(address).host in _LOOPBACK
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=not own) as client:
            reply = await client.get(f"{address}/readyz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return doubtful("gateway", f"no reply at {_shown(address)}: {type(error).__name__}", "console gateway")
    if not reply.is_success:
        return doubtful("gateway", f"{_shown(address)} answers {reply.status_code}", "look at the gateway's log")
    return fine("gateway", _shown(address))


def model() -> Finding:
    """The embedding model that travels with the console: loaded, and used once."""
    from time import perf_counter

    from console.ai.embedder import MiniLm

    embedder = MiniLm(intra_op_num_threads=1)
    began = perf_counter()
    vectors = embedder.embed(["how do I return an item?"])
    took = round((perf_counter() - began) * 1000)
    return fine("embedding model", f"{embedder.model.name}, {vectors.shape[1]} dimensions, loaded in {took} ms")


def _shown(address: str) -> str:
    """The address without a password in it."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
