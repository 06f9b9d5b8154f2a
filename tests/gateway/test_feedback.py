"""A visitor's thumb on an answer: of this conversation, once, the last word counts."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from console.db.engine import Database
from console.ids import ConversationId, parse_id
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.messages import Messages
from console.services.takeover import Takeover
from tests.gateway.support import JSON, Gateway, Talk, refused
from tests.services.run_support import Fixed, good, newest_run

ANSWERED, NOTED, SAID = 2, 3, 4


@pytest.fixture
async def talk(gateway: Gateway, db: Database) -> Talk:
    """A question, the assistant's answer, a note, a person's word."""
    talk, member = await gateway.start(), gateway.world.member
    id = ConversationId(parse_id(talk.id, "conversation"))
    await gateway.send(talk, "can I return it?")
    await Answers(db, Fixed(good())).run(gateway.world.workspace_id, await newest_run(db, gateway.world))
    claim = await Takeover(db).claim(member, id)
    await Messages(db).note(member, id, "a note", token="n")
    await Messages(db).send(member, id, "a word", token="s", epoch=claim.epoch)
    return talk


async def rate(gateway: Gateway, talk: Talk, **opinion: Any) -> httpx.Response:
    path = talk.path.replace("/messages", "/feedback")
    return await gateway.client.post(path, content=json.dumps(opinion).encode(), headers=JSON | talk.bearer)


async def stored(db: Database, gateway: Gateway) -> list[tuple[Any, ...]]:
    async with db.read(gateway.world.workspace_id) as tx:
        return [tuple(row) for row in await tx.rows("SELECT seq, rating, comment FROM feedback ORDER BY seq")]


async def test_the_last_word_counts(gateway: Gateway, db: Database, talk: Talk) -> None:
    assert (await rate(gateway, talk, seq=2.0, rating="up")).status_code == 200
    for rating, comment in (("down", ""), ("down", " wrong "), ("up", "right"), ("up", None)):
        reply = await rate(gateway, talk, seq=ANSWERED, rating=rating, comment=comment)
        assert (reply.status_code, reply.json()) == (200, {"seq": ANSWERED, "rating": rating})
    assert await stored(db, gateway) == [(ANSWERED, "up", "")]
    await rate(gateway, talk, seq=SAID, rating="down", comment="rude")
    assert await stored(db, gateway) == [(ANSWERED, "up", ""), (SAID, "down", "rude")]


async def test_the_same_at_once_is_stored_once(gateway: Gateway, db: Database, talk: Talk) -> None:
    replies = await asyncio.gather(*(rate(gateway, talk, seq=ANSWERED, rating="down", comment="no") for _ in range(20)))
    assert {reply.status_code for reply in replies} == {200}
    assert await stored(db, gateway) == [(ANSWERED, "down", "no")]


@pytest.mark.parametrize(("seq", "word"), [(1, "visitor's own"), (NOTED, "no message 3"), (5, "no message 5")])
async def test_what_is_no_answer_can_not_be_rated(
    gateway: Gateway, db: Database, talk: Talk, seq: int, word: str
) -> None:
    error = refused(await rate(gateway, talk, seq=seq, rating="up"), 404)
    assert error["code"] == "no_answer"
    assert word in error["message"]
    assert await stored(db, gateway) == []


@pytest.mark.parametrize(
    ("opinion", "word"),
    [
        ({"rating": "up"}, "seq is missing"),
        ({"seq": None, "rating": "up"}, "seq is missing"),
        ({"seq": 2}, "rating is missing"),
        ({"seq": 2, "rating": None}, "rating is missing"),
        ({"seq": "2", "rating": "up"}, "seq must be a whole number"),
        ({"seq": True, "rating": "up"}, "seq must be a whole number"),
        ({"seq": 2.5, "rating": "up"}, "seq must be a whole number"),
        ({"seq": 0, "rating": "up"}, "seq must be a whole number"),
        ({"seq": 2**31, "rating": "up"}, "seq must be a whole number"),
        ({"seq": 2, "rating": "UP"}, "up or down"),
        ({"seq": 2, "rating": 1}, "must be text"),
        ({"seq": 2, "rating": "up", "comment": 1}, "must be text"),
        ({"seq": 2, "rating": "up", "comment": "c" * 2001}, "more than 2000"),
        ({"seq": 2, "rating": "up", "comment": "c\x00"}, "NUL"),
        ({"seq": 2, "rating": "up", "comment": "\ud83d"}, "half"),
        ({"seq": 2, "rating": "up", "user": "x"}, "unknown field"),
    ],
)
async def test_a_bad_opinion_is_refused(
    gateway: Gateway, db: Database, talk: Talk, opinion: dict[str, Any], word: str
) -> None:
    assert word in refused(await rate(gateway, talk, **opinion), 422)["message"]
    assert await stored(db, gateway) == []


async def test_the_staff_sees_it_beside_the_answer(gateway: Gateway, db: Database, talk: Talk) -> None:
    await rate(gateway, talk, seq=ANSWERED, rating="down", comment="no\x1b]52;c;x\x07")
    id = ConversationId(parse_id(talk.id, "conversation"))
    transcript = await Conversations(db).transcript(gateway.world.viewer, id)
    (said,) = [message.feedback for message in transcript.messages if message.feedback]
    assert (said.seq, said.word, said.comment) == (ANSWERED, "not helpful", "no\u241b]52;c;x\u2407")
    # A later read of what is new still tells of it: a console that shows the answer learns what became of it.
    assert (await Conversations(db).transcript(gateway.world.viewer, id, after=SAID)).feedback == (said,)
