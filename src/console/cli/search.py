"""`console search`: what an agent finds for a question, and why not something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.numbers import count
from console.cli.parser import Parser
from console.cli.session import acting
from console.ids import ChunkId, parse_id

if TYPE_CHECKING:
    from console.domain.search import Explanation, SearchResult

_TEXT = 160


def register(noun: Parser) -> None:
    """Add the arguments of `console search`."""
    noun.handled_by(
        _search,
        examples=[
            ("console search --agent help 'reset my password'", "passages, best first"),
            ("console search --agent help 'refund' --explain 0197f3c2-...", "why that chunk is not among them"),
        ],
    )
    noun.add_argument("query", metavar="QUERY", help="what a visitor might ask")
    noun.add_argument("--agent", metavar="SLUG", required=True, help="whose knowledge to search")
    noun.add_argument("--limit", metavar="N", type=count, default=10, help="how many passages (10, at most 100)")
    noun.add_argument("--explain", metavar="CHUNK", help="say where this chunk stands, and what dropped it")


async def _search(call: Call) -> None:
    args = call.args
    limit = max(1, min(args.limit, 100))
    chunk = ChunkId(parse_id(args.explain, "chunk")) if args.explain else None
    async with acting(call) as (services, actor):
        if chunk is not None:
            return _print_why(call, await services.search.explain(actor, args.agent, args.query, chunk, limit))
        _print_found(call, await services.search.search(actor, args.agent, args.query, limit))
    return None


def _print_found(call: Call, found: SearchResult) -> None:
    if call.out.json:
        call.out.data(_as_json(found))
        return
    if not found.passages:
        call.out.say("nothing found: this agent has no knowledge yet (console source list)")
    for rank, one in enumerate(found.passages, 1):
        ranks = f"dense {one.dense_rank or '-'}, text {one.text_rank or '-'}"
        where = " > ".join(part for part in (one.title, one.heading) if part)
        call.out.text(f"{rank:>3}  {one.score:6.3f}  {where}  ({ranks})")
        call.out.text(f"     {' '.join(one.text.split())[:_TEXT]}")
        call.out.text(f"     {one.uri}  {one.chunk_id}")


def _as_json(found: SearchResult) -> dict[str, object]:
    return {
        "results": [
            {
                "rank": rank, "uri": one.uri, "title": one.title, "heading": one.heading, "chunk_id": one.chunk_id,
                "text": one.text, "score": one.score, "dense_rank": one.dense_rank, "text_rank": one.text_rank,
            }
            for rank, one in enumerate(found.passages, 1)
        ],
        "ms": round(found.ms, 1),
    }  # fmt: skip


def _print_why(call: Call, why: Explanation) -> None:
    if call.out.json:
        call.out.data(why)
        return
    call.out.text(f"{why.document}, of {why.source}")
    call.out.text(f"{'found' if why.found else 'not found'}{f': {why.reason}' if why.reason else ''}")
    numbers = {
        "rank": why.rank, "score": why.score, "dense rank": why.dense_rank, "text rank": why.text_rank,
        "cosine": why.cosine, "text score": why.text_score,
    }  # fmt: skip
    for name, number in numbers.items():
        if number is not None:
            call.out.text(f"{name:11}{number:.3f}" if isinstance(number, float) else f"{name:11}{number}")
