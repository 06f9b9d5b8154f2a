"""Snooze, assign, priority, undo, held replies and many at once, on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from console.clock import utc_now
from console.db.embedded.server import ServerUrls
from tests.cli.office import Office, open_office

NOBODY = "0197f3c2-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return open_office(urls, tmp_path_factory.mktemp("desk"))


def email(office: Office, who: str) -> str:
    members = office.json("olivia", "member", "list")["members"]
    return str(next(each["email"] for each in members if each["name"] == who))


def test_snooze_and_undo(office: Office) -> None:
    id = office.talk("can it wait?")
    office.out("mia", "conv", "claim", id)
    before = utc_now()
    aside = office.json("mia", "conv", "snooze", id, "--until", "2h")
    assert (aside["status"], aside["control"], aside["claimed_by"]) == ("snoozed", "human", None)
    until = datetime.fromisoformat(aside["snoozed_until"]) - before
    assert timedelta(hours=2) <= until < timedelta(hours=2, minutes=10)
    _just_now(office)
    assert office.out("mia", "conv", "undo", id) == "held by Mia\n"
    assert office.out("mia", "conv", "snooze", id, "--next-reply") == "snoozed until the visitor writes\n"
    assert office.json("mia", "conv", "list", "--text", "status:snoozed")["id"] == id
    assert "can't be undone" in office.refused(5, "max", "conv", "undo", id)
    office.out("mia", "conv", "resolve", id)
    assert "is resolved" in office.refused(5, "mia", "conv", "snooze", id, "--until", "1h")


def _just_now(office: Office) -> None:
    """Whatever a slow machine has taken since, the events are of this moment; only the superuser may change one."""
    with psycopg.connect(office.urls.superuser, autocommit=True) as connection:
        connection.execute(
            "UPDATE conversation_events SET created_at = now() + interval '1 minute' WHERE workspace_id = %s",
            (office.workspace_id,),
        )


@pytest.mark.parametrize(
    ("words", "known"),
    [("hats status:bogus", "open, snoozed, resolved"), ("priority:\x1b[2J status:x", "urgent, high, normal, low")],
)
def test_words_that_are_no_status_or_priority(office: Office, words: str, known: str) -> None:
    told = office.refused(1, "mia", "conv", "list", "--text", words)
    assert known in told
    assert "\x1b" not in told


@pytest.mark.parametrize("when", ["", "soon", "2026-02-30T09:00", "\x1b[2J", "99999999h"])
def test_no_time_to_snooze_until(office: Office, when: str) -> None:
    told = office.refused(2, "mia", "conv", "snooze", NOBODY, f"--until={when}")
    assert "\x1b" not in told
    assert "is no time to come" in told


@pytest.mark.parametrize("when", ["0m", "2020-01-01"])
def test_a_time_that_is_past(office: Office, when: str) -> None:
    assert "is past" in office.refused(1, "mia", "conv", "snooze", NOBODY, f"--until={when}")


def test_how_long_is_to_be_said(office: Office) -> None:
    assert "--until" in office.refused(2, "mia", "conv", "snooze", NOBODY)
    office.refused(2, "mia", "conv", "snooze", NOBODY, "--next-reply", "--until", "2h")
    far = f"{datetime.now(UTC).year + 50}-01-01"
    assert "ten years" in office.refused(1, "mia", "conv", "snooze", office.talk("hi"), "--until", far)


def test_assign(office: Office) -> None:
    id = office.talk("who has it?")
    given = office.json("mia", "conv", "assign", id, email(office, "Max").upper())
    assert (given["assignee_name"], given["control"], given["claimed_by"]) == ("Max", "human", None)
    assert office.out("mia", "conv", "show", id).splitlines()[0] == "Vic · /help · waits for Max"
    assert id in office.out("max", "conv", "list", "--filter", "mine")
    assert office.json("mia", "conv", "assign", id, "nobody")["assignee_name"] == ""
    assert office.json("mia", "conv", "assign", id, "me")["claimed_by"] == "Mia"
    assert "Mia has held" in office.refused(5, "max", "conv", "assign", id, "me")
    assert "may not reply" in office.refused(1, "mia", "conv", "assign", id, email(office, "Vera"))
    assert "no member" in office.refused(5, "mia", "conv", "assign", id, "who\x1b]0;x\x07@acme.test")
    assert "needs the role member" in office.refused(4, "vera", "conv", "assign", id, "me")


def test_priority(office: Office) -> None:
    calm, hot = office.talk("no hurry", name="Calm"), office.talk("fire!", name="Hot")
    for id in (calm, hot):
        office.out("mia", "conv", "assign", id, "nobody")
    assert office.json("mia", "conv", "priority", hot, "urgent")["priority"] == "urgent"
    names = [row["visitor_name"] for row in office.lines("mia", "conv", "list", "--filter", "waiting")]
    assert names.index("Hot") < names.index("Calm")
    assert office.out("mia", "conv", "show", hot).splitlines()[0].endswith(" · urgent")
    assert "invalid choice" in office.refused(2, "mia", "conv", "priority", hot, "asap")
    assert "no conversation" in office.refused(5, "mia", "conv", "priority", NOBODY, "high")


def test_many_at_once(office: Office) -> None:
    ids = [office.talk("hello") for _ in range(3)]
    office.out("max", "conv", "claim", ids[1])
    shown = office.json("mia", "conv", "resolve", *ids, "--dry-run")
    assert shown == {
        "act": "resolve", "possible": [ids[0], ids[2]], "left": [{"conversation_id": ids[1], "why": "Max holds it"}],
    }  # fmt: skip
    assert office.json("mia", "conv", "show", ids[0])["status"] == "open"
    assert "of one conversation" in office.refused(2, "mia", "conv", "resolve", *ids, "--seen", "1")
    done = office.call("mia", "conv", "resolve", *ids, "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout) == {"act": "resolve", "done": shown["possible"], "left": shown["left"]}
    assert done.stderr.splitlines() == ["console: error: 1 of 3 were left as they are"]
    said = office.out("mia", "conv", "priority", ids[0], ids[1], "high")
    assert [line.split() for line in said.splitlines()] == [
        ["CONVERSATION", "PRIORITY"], [ids[0], "done"], [ids[1], "done"],
    ]  # fmt: skip
    assert "Max holds it" in office.out("mia", "conv", "snooze", ids[1], "--next-reply", "--dry-run")
    office.out("max", "conv", "release", ids[1], ids[1])
    assert office.json("max", "conv", "show", ids[1])["control"] == "ai"
    assert "needs the role member" in office.refused(4, "vera", "conv", "resolve", *ids, "--dry-run")


def test_a_beginning_of_an_id_will_do(office: Office) -> None:
    id, other = office.talk("short"), office.talk("another of the same moment")
    while id[:8] != other[:8]:  # These eight digits are a minute; they came as one ended.
        id, other = other, office.talk("another of the same moment")
    assert office.json("mia", "conv", "show", id[:28])["id"] == id
    assert office.json("mia", "conv", "priority", id.replace("-", "")[:30], "low")["id"] == id
    same = next(n for n, sign in enumerate(id) if sign != other[n])
    told = office.refused(1, "mia", "conv", "show", id[:same])
    assert f"several conversations begin with {id[:same]}" in told
    assert f"give more of it: {id[:same]}" in told
    assert "begins with 00000000" in office.refused(5, "mia", "conv", "show", "00000000")
    for text in ("0000000", "", "zzzzzzzz", "\x1b[2J\x1b[2J", "0" * 33):
        assert "is no conversation id" in office.refused(2, "mia", "conv", "show", text)


def test_a_held_reply(office: Office) -> None:
    id = office.talk("hello")
    office.out("mia", "conv", "claim", id)
    held = office.json("mia", "conv", "send", id, "hi", "--hold", "--token", "t")
    assert set(held) == {"conversation_id", "held_id", "due_at"}
    assert office.json("mia", "conv", "send", id, "hi", "--hold", "--token", "t") == held
    assert "goes out at " in office.out("mia", "conv", "send", id, "ho", "--hold")
    assert "nothing of yours is held" in office.refused(5, "max", "conv", "unsend", id)
    assert office.out("mia", "conv", "unsend", id) == "not sent: it is your draft again\n"
    assert office.json("mia", "conv", "unsend", id, "--held", held["held_id"]) == held
    assert "not held back any more" in office.refused(5, "mia", "conv", "unsend", id, "--held", held["held_id"])
    assert "is no held reply id" in office.refused(2, "mia", "conv", "unsend", id, "--held", "x")
    office.out("mia", "conv", "send", id, "said", "--hold")
    office.out("mia", "conv", "release", id)
    assert [m["content"] for m in office.json("mia", "conv", "show", id)["messages"]] == ["hello", "said"]
    assert "you don't hold" in office.refused(5, "mia", "conv", "send", id, "late", "--hold")
