"""The twins of labels, canned replies and notifications, and what `conv tail` tells besides messages."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.cli.completion import script_for
from console.cli.parser import build
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.services.visitors import Started, Visitors
from tests.cli.office import Office, open_office, over
from tests.cli.terminal import COMMAND, scratch_env
from tests.cli.test_conv import EVIL, NAUGHTY, unsafe
from tests.db.embedded_support import do

NOBODY = "0197f3c2-0000-7000-8000-000000000000"


@pytest.fixture
def office(urls: ServerUrls, tmp_path: Path) -> Office:
    return open_office(urls, tmp_path)


def test_labels_of_the_workspace(office: Office) -> None:
    made = office.json("mia", "label", "create", " Refund ")
    assert (made["name"], made["conversations"]) == ("Refund", 0)
    assert office.json("max", "label", "create", "REFUND")["id"] == made["id"]
    assert office.out("mia", "label", "create", "vip") == "there is the label vip\n"
    assert "needs the role admin" in office.refused(4, "mia", "label", "rename", "vip", "VIP")
    assert "'Refund' already" in office.refused(5, "olivia", "label", "rename", "vip", "Refund")
    assert office.json("olivia", "label", "rename", "vip", "VIP")["name"] == "VIP"
    assert [line.split() for line in office.out("vera", "label", "list").splitlines()] == [
        ["LABEL", "CONVERSATIONS"], ["Refund", "0"], ["VIP", "0"],
    ]  # fmt: skip
    assert office.json("olivia", "label", "remove", "vip") == {"removed": "vip", "conversations": 0}
    assert "console label list" in office.refused(5, "olivia", "label", "remove", "vip")
    assert [label["name"] for label in office.lines("vera", "label", "list")] == ["Refund"]
    for bad in ("", "x" * 41, "a\nb", "\x1b[2J"):
        office.refused(1, "mia", "label", "create", bad)


def test_labels_of_conversations(office: Office) -> None:
    one, two = office.talk("one"), office.talk("two")
    assert office.json("mia", "conv", "label", one, "refund", "+vip") == {
        "conversation_id": one, "labels": ["refund", "vip"],
    }  # fmt: skip
    assert office.out("mia", "conv", "label", one, "-REFUND", "+late", "-nowhere") == "late, vip\n"
    assert office.out("mia", "conv", "label", one, "-vip", "-late") == "no labels\n"
    done = office.json("mia", "conv", "label", one, "+both", "--id", two)
    assert (done["act"], set(done["done"]), done["left"]) == ("label", {one, two}, [])
    assert office.json("vera", "conv", "show", two)["labels"] == ["both"]
    only = office.json("mia", "conv", "label", one, "+never", "--dry-run")
    assert only["possible"] == [one]
    assert [label["name"] for label in office.lines("vera", "label", "list")] == ["both", "late", "refund", "vip"]


def test_labels_that_are_refused(office: Office) -> None:
    id = office.talk("one")
    assert "needs the role member" in office.refused(4, "vera", "conv", "label", id, "x")
    assert "no conversation" in office.refused(5, "mia", "conv", "label", NOBODY, "x")
    assert "stands alone" in office.refused(2, "mia", "conv", "label", id, "+")
    assert "both added and removed" in office.refused(1, "mia", "conv", "label", id, "+x", "-X")
    office.refused(2, "mia", "conv", "label", id)
    office.refused(2, "mia", "conv", "label", id, "x", "--nothing")


def test_a_canned_reply_from_add_to_remove(office: Office) -> None:
    words = "Hello {visitor}, {me} of {agent}. {other}"
    added = office.json("mia", "canned", "add", "hello", words, "--title", "Greeting")
    assert (added["shortcut"], added["title"], added["content"]) == ("hello", "Greeting", words)
    assert "already" in office.refused(5, "max", "canned", "add", "hello", "x")
    assert office.out("max", "canned", "add", "returns", "-", stdin="Within\n30 days.\n") == "returns is added\n"
    assert office.out("vera", "canned", "show", "returns") == "Within\n30 days.\n"
    assert office.json("max", "canned", "edit", "hello", "--title", "Hi")["content"] == words
    assert office.json("max", "canned", "edit", "hello", "Bye {visitor}.")["title"] == "Hi"
    shown = office.json("mia", "canned", "show", "hello", "--conv", office.talk("x", name="{me}"))
    assert (shown["content"], shown["filled"]) == ("Bye {visitor}.", "Bye {me}.")
    assert [reply["shortcut"] for reply in office.lines("vera", "canned", "list", "re")] == ["returns"]
    assert "Within 30 days." in office.out("vera", "canned", "list")
    assert "needs the role admin" in office.refused(4, "mia", "canned", "remove", "hello")
    assert office.json("olivia", "canned", "remove", "hello") == {"removed": "hello"}
    for verb in (("show",), ("remove",), ("edit",)):
        assert "no canned reply 'hello'" in office.refused(
            5, "olivia", "canned", *verb, "hello", *["x"][: verb == ("edit",)]
        )


def test_canned_words_from_an_editor(office: Office, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "%s more\\n" "$(cat "$1")" > "$1.new" && mv "$1.new" "$1"\n')
    editor.chmod(0o755)
    done = office.call("mia", "canned", "add", "hi", EDITOR=str(editor), VISUAL="")
    assert (done.returncode, done.stdout) == (0, "hi is added\n"), done.stderr
    assert office.call("mia", "canned", "edit", "hi", EDITOR=str(editor), VISUAL="").returncode == 0
    assert office.json("mia", "canned", "show", "hi")["content"] == " more more"
    assert "no shortcut" in office.refused(1, "mia", "canned", "add", "Not one", EDITOR="false")
    assert "empty message" in office.refused(1, "mia", "canned", "add", "blank", EDITOR="true", VISUAL="")


def test_notifications(office: Office) -> None:
    id = office.talk("help")
    for words in ("@max look", "@Vera and @max"):
        office.out("mia", "conv", "note", id, words)
    found = office.lines("max", "notification", "list")
    assert [(n["type"], n["actor_name"], n["conversation_id"], n["seq"], n["snippet"]) for n in found] == [
        ("mention", "Mia", id, 3, "@Vera and @max"), ("mention", "Mia", id, 2, "@max look"),
    ]  # fmt: skip
    assert "Mia mentioned you" in office.out("vera", "notification", "list")
    assert office.json("vera", "notification", "read", found[0]["id"]) == {"read": 0, "unread": 1}
    assert office.json("max", "notification", "read", found[0]["id"]) == {"read": 1, "unread": 1}
    assert office.out("max", "notification", "read") == "1 marked as read, 0 unread\n"
    assert office.lines("max", "notification", "list") == []
    assert len(office.lines("max", "notification", "list", "--all")) == 2
    assert len(office.lines("max", "notification", "list", "--all", "--limit", "1")) == 1
    office.refused(2, "max", "notification", "read", "nonsense")
    office.refused(2, "max", "notification", "list", "--limit", "0")


@contextmanager
def tailing(office: Office, id: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    env = scratch_env(office.home, DATABASE_URL=office.urls.app, CONSOLE_SESSION_TOKEN=office.tokens["vera"])
    with subprocess.Popen(
        [*COMMAND, "conv", "tail", id, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as tail:
        yield tail
        tail.terminate()


def test_tail_tells_of_events_and_of_typing(office: Office) -> None:
    async def begin(db: Database) -> Started:
        visitors = Visitors(db)
        begun = await visitors.start(office.public_key, {"name": "Vic"})
        await visitors.send(begun.visitor_token, begun.conversation_id, "one", key="1")
        return begun

    async def type_on(db: Database) -> None:
        await Visitors(db).typing(started.visitor_token, started.conversation_id)

    def types() -> None:
        asyncio.run(over(office.urls.gateway, type_on))
        _typing_until(office, id, "1 hour")  # However slow whoever looks is.

    started = asyncio.run(over(office.urls.gateway, begin))
    id = str(started.conversation_id)
    office.out("mia", "conv", "claim", id)
    with tailing(office, id, "--json") as tail:
        assert tail.stdout is not None
        assert json.loads(tail.stdout.readline())["content"] == "one"
        claimed = json.loads(tail.stdout.readline())
        assert (claimed["kind"], claimed["actor_name"], claimed["after_seq"]) == ("claimed", "Mia", 1)
        types()
        assert json.loads(tail.stdout.readline()) == {"kind": "typing", "typing": True}
        _typing_until(office, id, "1 second")
        assert json.loads(tail.stdout.readline()) == {"kind": "typing", "typing": False}
        office.out("mia", "conv", "label", id, "vip")
        office.out("mia", "conv", "send", id, "two")
        office.out("mia", "conv", "release", id)
        followed = [json.loads(tail.stdout.readline()) for _ in range(3)]
        assert [each.get("kind") or each["content"] for each in followed] == ["labelled", "two", "handed_back"]
    told = office.out("vera", "conv", "tail", id, "--for", "0")
    lines = [line.split()[2:] for line in told.splitlines() if "\u00b7" in line]
    assert lines == [["Mia", "claimed"], ["Mia", "labelled", "+vip"], ["Mia", "handed", "back"]]
    types()
    assert office.call("vera", "conv", "tail", id, "--for", "0").stderr == "Vic types\n"


def _typing_until(office: Office, id: str, later: str) -> None:
    do(
        office.urls.superuser,
        f"UPDATE visitor_presences SET typing_until = now() + interval '{later}' WHERE conversation_id = '{id}'",
    )


def test_text_from_outside_is_never_code(office: Office) -> None:
    id = office.talk(EVIL, name=EVIL[:190])
    text = " ".join((EVIL, *NAUGHTY))
    office.out("mia", "canned", "add", "evil", text)
    office.out("mia", "conv", "note", id, f"@max {text}")
    for words in (
        ("canned", "list"), ("canned", "show", "evil"), ("canned", "show", "evil", "--conv", id),
        ("notification", "list"), ("conv", "tail", id, "--for", "0"),
    ):  # fmt: skip
        shown = office.out("max", *words)
        assert not unsafe(shown), (words, unsafe(shown))
        assert "owned" in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_verbs(shell: str) -> None:
    script = script_for(shell, build())
    for path in ("/label/rename", "/canned/edit", "/notification/read", "/conv/label"):
        assert path in script
