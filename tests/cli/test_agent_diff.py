"""`console agent diff` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from tests.cli.office import Office, open_office


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return open_office(urls, tmp_path_factory.mktemp("diff"))


def edit(office: Office, text: str) -> None:
    office.out("olivia", "agent", "edit", "help", "--file", "-", stdin=text)


def test_what_a_publish_would_change_is_shown_to_everybody(urls: ServerUrls, tmp_path: Path) -> None:
    office = open_office(urls, tmp_path)
    same = office.call("vera", "agent", "diff", "help")
    assert (same.returncode, same.stdout) == (0, "")
    assert "v1 (live) and draft of help are the same" in same.stderr
    edit(office, 'name = "Help"\nsystem_prompt = """\nOne.\nTwo."""\n[retrieval_config]\nthreshold = 0.7\n')
    said = office.out("vera", "agent", "diff", "help").splitlines()
    assert said[0].startswith("help: v1 (live), ")
    assert said[0].endswith("by Olivia Marsh -> draft")
    assert said[1:] == ["system_prompt:", "  + One.", "  + Two.", "retrieval_config.threshold: 0.5 -> 0.7"]
    found = office.json("vera", "agent", "diff", "help")
    assert (found["agent"], found["count"], found["same"]) == ("help", 2, False)
    assert (found["from"]["version"], found["from"]["live"], found["to"]["label"]) == (1, True, "draft")
    assert found["changes"][1] == {
        "field": "retrieval_config.threshold", "kind": "value", "before": 0.5, "after": 0.7,
        "lines": [{"sign": "~", "text": "0.5 -> 0.7", "depth": 0}],
    }  # fmt: skip
    office.out("olivia", "agent", "publish", "help")
    back = office.json("vera", "agent", "diff", "help", "--from", "live", "--to", "v1")
    assert [change["field"] for change in back["changes"]] == ["system_prompt", "retrieval_config.threshold"]
    assert office.json("vera", "agent", "diff", "help")["same"] is True


def test_the_draft_is_asked_before_it_is_published(office: Office) -> None:
    edit(office, 'name = "Help"\n[retrieval_config]\nthreshold = 0.2\n')
    drafted = office.json("mia", "ask", "--agent", "help", "--draft", "is it blue?")
    assert (drafted["agent_version"], drafted["threshold"]) == (None, 0.2)
    assert office.json("mia", "ask", "--agent", "help", "is it blue?")["threshold"] != 0.2
    assert ", draft, " in office.call("mia", "ask", "--agent", "help", "--draft", "is it blue?").stderr
    assert "member" in office.refused(4, "vera", "ask", "--agent", "help", "--draft", "is it blue?")


def test_a_workspace_is_shown_with_its_settings_and_members(office: Office) -> None:
    shown = office.json("olivia", "workspace", "show")
    assert (shown["slug"], shown["role"], shown["credentials"], shown["endpoint"]) == (office.slug, "owner", [], None)
    assert [each["role"] for each in shown["members"]] == ["member", "member", "owner", "viewer"]
    said = office.out("vera", "workspace", "show", office.slug)
    assert "keys        admins see them" in said
    assert "Olivia Marsh" in said
    assert "you have no workspace 'nowhere'" in office.refused(5, "vera", "workspace", "show", "nowhere")
    assert "\x1b" not in office.refused(5, "vera", "workspace", "show", "\x1b]0;x\x07")


@pytest.mark.parametrize(
    ("code", "who", "words", "says"),
    [
        (4, "nobody", ("help",), "sign"),
        (5, "olivia", ("nobody",), "there is no agent 'nobody'"),
        (5, "olivia", ("help", "--from", "v99"), "no version 99"),
        (2, "olivia", ("help", "--to", "\x1b]0;x\x07"), "is no version"),
        (2, "olivia", ("help", "--to", "v0"), "is no version"),
        (2, "olivia", (), "required: AGENT"),
    ],
)
def test_what_can_not_be_done_is_one_clear_line(
    office: Office, code: int, who: str, words: tuple[str, ...], says: str
) -> None:
    told = office.refused(code, who, "agent", "diff", *words)
    assert says in told
    assert "\x1b" not in told
