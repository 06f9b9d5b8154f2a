"""The twins of the inbox and the conversation: what they print, for people and for programs, and how they refuse."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import subprocess
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.cli.conv_print import when
from console.clock import utc_now
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.ids import RunId, new_id
from console.services.answers import Answers
from tests.cli.office import Office, open_office, over
from tests.cli.terminal import COMMAND, scratch_env
from tests.services.run_support import Fixed, unsure

EVIL = (
    "\x1b]0;owned\x07 \x1b]52;c;ZXZpbA==\x07 \x1b[2J\x9b31m \x85\x90q\x9c \u202edesrever\u202c \u2066x\u2069"
    "\ttab\r\nline two\x0bthree"
)
NAUGHTY = (
    "\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\ufeff",
    "\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x1f\x7f",
    "Roses are \x1b[0;31mred\x1b[0m, violets are \x1b[0;34mblue. Hope you enjoy terminal hue",
    "But now...\x1b[20Cfor my greatest trick...\x1b[8m",
    "The quic\x08\x08\x08\x08\x08\x08k brown fo\x07\x07\x07x... [Beeeep]",
    "[@click=app.quit]x[/b] [link=file:///etc/passwd]",
    "\U000e0001\U000e0041 \ue000 Z\u0351\u036b\u0343A\u0334",
)
NOBODY = "0197f3c2-0000-7000-8000-000000000000"
_unlike = itertools.count()
"""Each question in vain is like no other, so that each is a gap of its own."""


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return open_office(urls, tmp_path_factory.mktemp("office"))


def unsafe(text: str) -> set[str]:
    """Characters that a terminal could obey, or that reorder or hide text; only a newline may pass."""
    return {
        c for c in text if c != "\n" and (unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} or c in "\u2028\u2029")
    }


def test_a_conversation_from_claim_to_resolve(office: Office) -> None:
    id = office.talk("where is my parcel?")
    listed = next(row for row in office.lines("vera", "conv", "list") if row["id"] == id)
    assert (listed["visitor_name"], listed["snippet"], listed["unread"]) == ("Vic", "where is my parcel?", 1)
    claim = office.json("mia", "conv", "claim", id)
    assert {key: claim[key] for key in ("conversation_id", "claimed", "claimed_by")} == {
        "conversation_id": id, "claimed": True, "claimed_by": "Mia",
    }  # fmt: skip
    assert office.json("mia", "conv", "claim", id)["epoch"] == claim["epoch"]
    assert office.json("mia", "conv", "send", id, "It is on its way.")["seq"] == 2
    assert office.json("max", "conv", "note", id, "-", stdin="carrier called\n")["seq"] == 3
    shown = office.json("vera", "conv", "show", id)
    assert (shown["status"], shown["control"], shown["claimed_by"], shown["epoch"]) == (
        "open", "human", "Mia", claim["epoch"],
    )  # fmt: skip
    assert [(m["seq"], m["role"], m["content"]) for m in shown["messages"]] == [
        (1, "user", "where is my parcel?"), (2, "human", "It is on its way."), (3, "note", "carrier called"),
    ]  # fmt: skip
    assert all(set(m) >= {"confidence", "agent_version", "citations"} for m in shown["messages"])
    released = office.json("mia", "conv", "release", id, "--to-queue")
    assert (released["control"], released["claimed_by"]) == ("human", None)
    assert released["epoch"] > claim["epoch"]
    assert office.json("mia", "conv", "resolve", id)["status"] == "resolved"


def test_the_same_for_a_person(office: Office) -> None:
    id = office.talk("is anybody there?", name="Percy")
    assert f"you hold {id}" in office.out("mia", "conv", "claim", id)
    assert office.out("mia", "conv", "send", id, "-", stdin="Yes.\n") == "message 2 stored\n"
    shown = office.out("mia", "conv", "show", id)
    assert shown.startswith("Percy · /help · held by Mia\n")
    assert "user Percy\n      is anybody there?" in shown
    assert "human Mia\n      Yes." in shown
    listed = office.out("max", "conv", "list", "--filter", "human", "--text", "perc")
    assert listed.splitlines()[0].split()[:3] == ["ID", "VISITOR", "STATE"]
    assert [line.split()[:5] for line in listed.splitlines()[1:]] == [[id, "Percy", "held", "by", "Mia"]]
    assert "open, ai speaks" in office.out("mia", "conv", "release", id)
    assert "resolved" in office.out("mia", "conv", "resolve", id)


def test_one_held_by_another_is_exit_5_with_who_and_since_when(office: Office) -> None:
    id = office.talk("hello")
    claim = office.json("mia", "conv", "claim", id)
    told = office.refused(5, "max", "conv", "claim", id)
    assert "Mia has held it since " in told
    assert " UTC" in told
    lost = office.call("max", "conv", "claim", id, "--json")
    assert lost.returncode == 5
    assert json.loads(lost.stdout) | {"claimed_at": ""} == claim | {"claimed": False, "claimed_at": ""}
    for words in (("send", id, "me too"), ("release", id), ("resolve", id)):
        assert "Mia has held this conversation since " in office.refused(5, "max", "conv", *words)
    assert "needs the role admin" in office.refused(4, "max", "conv", "claim", id, "--from-holder")
    assert office.json("olivia", "conv", "claim", id, "--from-holder")["claimed_by"] == "Olivia Marsh"
    assert "Olivia Marsh has held" in office.refused(5, "mia", "conv", "send", id, "still me?")


def test_one_never_held_is_to_be_claimed_first(office: Office) -> None:
    told = office.refused(5, "mia", "conv", "send", office.talk("hello"), "me")
    assert "you don't hold this conversation" in told
    assert "console conv claim ID" in told


def test_resolving_twice_is_no_error(office: Office) -> None:
    id = office.talk("hello")
    office.out("mia", "conv", "resolve", id)
    again = office.call("mia", "conv", "resolve", id, "--json")
    assert (again.returncode, again.stderr) == (0, "it is resolved already\n")
    assert json.loads(again.stdout)["status"] == "resolved"


def test_a_header_without_a_page_and_a_message_of_another_day(office: Office) -> None:
    id = office.talk("hello", page=None)
    assert office.out("mia", "conv", "show", id).splitlines()[0] == "Vic · open, ai speaks"
    then = datetime(2024, 2, 3, 4, 5, tzinfo=UTC)
    assert when(then) == "2024-02-03 04:05"
    assert when(utc_now().replace(hour=4, minute=5)) == "04:05"


@pytest.mark.parametrize("noun", ["conv", "gap"])
@pytest.mark.parametrize("limit", ["0", "-3", "many", "\u0663", "9" * 20])
def test_a_limit_is_a_number_from_1_up(office: Office, noun: str, limit: str) -> None:
    assert "no number from 1 up" in office.refused(2, "mia", noun, "list", f"--limit={limit}")


def test_a_token_sends_once(office: Office) -> None:
    id = office.talk("hello")
    office.out("mia", "conv", "claim", id)
    words = ("conv", "send", id, "once", "--token", "t-1")
    assert [office.json("mia", *words)["repeated"] for _ in range(2)] == [False, True]
    assert [m["content"] for m in office.json("mia", "conv", "show", id)["messages"]] == ["hello", "once"]
    assert "used for another message" in office.refused(5, "mia", "conv", "send", id, "twice", "--token", "t-1")


@pytest.mark.parametrize("verb", ["show", "tail", "claim", "send"])
def test_an_unknown_conversation_is_exit_5(office: Office, verb: str) -> None:
    words = ("hello",) if verb == "send" else ()
    assert "no conversation" in office.refused(5, "mia", "conv", verb, NOBODY, *words)


def test_a_viewer_looks_and_does_not_touch(office: Office) -> None:
    id = office.talk("hello")
    for words in (("claim", id), ("note", id, "x"), ("resolve", id)):
        assert "needs the role member" in office.refused(4, "vera", "conv", *words)
    assert office.json("vera", "conv", "show", id)["control"] == "ai"


def test_without_a_session_nothing_is_shown(office: Office) -> None:
    for words in (("conv", "list"), ("gap", "list")):
        assert "console login" in office.refused(4, "nobody", *words)


def test_what_is_no_message_is_refused_and_nothing_is_stored(office: Office) -> None:
    id = office.talk("hello")
    office.out("mia", "conv", "claim", id)
    for stdin in (b" \n\n", b"x" * 1_000_000, "ü".encode() * 21_000, b"\xff\xfe", b"a\x00b"):
        office.refused(1, "mia", "conv", "send", id, "-", stdin=stdin)
    office.refused(1, "mia", "conv", "note", id, "")
    assert len(office.json("mia", "conv", "show", id)["messages"]) == 1


def test_tail_follows_until_interrupted(office: Office) -> None:
    id = office.talk("one", "two")
    assert [m["seq"] for m in office.lines("vera", "conv", "tail", id, "--after", "1", "--for", "0")] == [2]
    env = scratch_env(office.home, DATABASE_URL=office.urls.app, CONSOLE_SESSION_TOKEN=office.tokens["vera"])
    with subprocess.Popen(
        [*COMMAND, "conv", "tail", id, "--json"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as tail:
        assert tail.stdout is not None
        assert [json.loads(tail.stdout.readline())["content"] for _ in range(2)] == ["one", "two"]
        office.out("max", "conv", "note", id, "three")
        assert json.loads(tail.stdout.readline())["content"] == "three"
        tail.send_signal(signal.SIGINT)
        _, err = tail.communicate(timeout=60)
    assert (tail.returncode, err) == (130, "")


def in_vain(office: Office, question: str) -> None:
    """Let a visitor ask this, and the agent be unsure."""
    office.talk(question)

    async def answer(db: Database) -> None:
        async with db.read(office.workspace_id) as tx:
            run = RunId(await tx.scalar("SELECT id FROM runs WHERE state = 'queued' ORDER BY id DESC LIMIT 1"))
        which = next(_unlike)
        answers = Answers(db, Fixed(unsure(question, tuple(float(i == which) for i in range(384)))))
        await answers.run(office.workspace_id, run)

    asyncio.run(over(office.urls.app, answer))


def test_gaps_are_listed(office: Office) -> None:
    question = f"do you ship to Mars {new_id().hex[-4:]}?"
    in_vain(office, question)
    gap = next(gap for gap in office.lines("vera", "gap", "list") if gap["question"] == question)
    assert (gap["status"], gap["trigger"], gap["occurrences"]) == ("open", "low_confidence", 1)
    assert question in office.out("vera", "gap", "list")
    assert office.out("vera", "gap", "list", "--status", "dismissed").split() == [
        "ID", "ASKED", "TALKS", "WHY", "STATE", "LAST", "(UTC)", "QUESTION",
    ]  # fmt: skip


def test_text_from_outside_is_never_code(office: Office) -> None:
    id = office.talk(EVIL, *NAUGHTY, name=EVIL[:190])
    in_vain(office, EVIL)
    for words in (("conv", "list"), ("conv", "show", id), ("conv", "tail", id, "--for", "0"), ("gap", "list")):
        shown = office.out("vera", *words)
        assert not unsafe(shown), (words, unsafe(shown))
        assert "owned" in shown
    raw = office.out("vera", "conv", "show", id, "--json")
    assert raw.count("\n") == 1
    assert raw.isascii()
    assert not unsafe(raw)


@pytest.mark.parametrize("words", [("conv", "list"), ("gap", "list")])
def test_a_dead_server_is_exit_3(tmp_path: Path, office: Office, words: tuple[str, ...]) -> None:
    dead = "postgresql://nobody:secret-word@127.0.0.1:1/none"
    assert "secret-word" not in office.refused(3, "mia", *words, DATABASE_URL=dead)


def test_e_mail_and_password_of_the_environment_do(office: Office) -> None:
    me = office.json("mia", "whoami")
    env = {"CONSOLE_EMAIL": me["email"], "CONSOLE_PASSWORD": "correct horse", "CONSOLE_WORKSPACE": office.slug}
    assert office.call("nobody", "conv", "list", **env).returncode == 0
    assert "no workspace" in office.refused(5, "mia", "conv", "list", "--workspace", "elsewhere")
