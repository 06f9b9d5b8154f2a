"""The agents: drafts, versions, playground, web pages; all with the keyboard alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import pytest

from console.domain.agent import Agent
from console.domain.agent_diff import AgentOverview
from console.services.agents import Agents
from console.services.versions import Versions
from console.tui.kept_text import KeptText
from console.tui.modals.document import DocumentModal
from console.tui.widgets.document import Document
from console.tui.widgets.virtual_list import VirtualList
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import WIDE, Running, running

MARKUP = "[@click=app.leave]x[/] [/ [$x] x[/b"


async def agent_of(desk: Desk) -> Agent:
    return (await Agents(desk.db).draft(desk.people.admin, "assistant")).agent


async def edit(desk: Desk, **changes: object) -> Agent:
    draft = await Agents(desk.db).draft(desk.people.admin, "assistant")
    settings = {**draft.settings, **changes}
    revision = draft.agent.draft_revision
    return (await Agents(desk.db).edit(desk.people.admin, draft.agent.id, settings, revision=revision)).agent


async def publish(desk: Desk, note: str = "") -> None:
    agent = await agent_of(desk)
    expected = agent.published_version_id
    await Versions(desk.db).publish(desk.people.admin, agent.id, note=note, expected=expected)


async def at_agents(stage: Running) -> None:
    await stage.press("4")
    await stage.until(lambda: bool(stage.app.screen.query("#list")), "the list")
    rows = cast("VirtualList[AgentOverview]", stage.app.screen.query_one("#list", VirtualList))
    await stage.until(lambda: rows.current is not None, "an agent")


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def document(stage: Running) -> Document:
    return stage.app.screen.query_one(Document)


async def editing(stage: Running) -> None:
    await stage.press("i")
    await stage.until(lambda: isinstance(stage.app.screen, DocumentModal), "the editor")


async def test_the_list_says_what_is_live_and_what_the_draft_changes(desk: Desk, size: tuple[int, int]) -> None:
    await edit(desk, description="first")
    await publish(desk, "the first of ours")
    await edit(desk, description="second", system_prompt="Answer.\nOnly from the passages.", guardrails=["no prices"])
    async with running(desk.console(desk.people.admin), size) as stage:
        await at_agents(stage)
        await stage.sees("Assistant", "live v2", "draft: 3 changes", "1 to publish", "i edit", "P publish")
        await stage.press("enter")
        await stage.sees('"first" -> "second"', "+ Only from the passages.", "+ no prices", "the first of ours", "adam")


async def test_members_see_it_all_and_change_nothing(desk: Desk, size: tuple[int, int]) -> None:
    await edit(desk, description="second")
    async with running(desk.console(), size) as stage:
        await at_agents(stage)
        await stage.sees("draft: 1 change")
        await stage.press("i", "P", "plus")
        await stage.pilot.pause()
        assert len(stage.app.screen_stack) == 1
        await stage.press("v")
        await stage.sees("Versions of Assistant", "visitors meet this one")
        await stage.press("minus")
        await stage.sees("needs the role admin")
        await stage.press("escape", "o")
        await stage.sees("No web page may talk with it yet")
        await stage.press("plus")
        await stage.sees("needs the role admin")


async def test_an_edit_is_saved_and_what_is_wrong_is_shown_with_its_line(
    desk: Desk, size: tuple[int, int], tmp_path: Path
) -> None:
    async with running(desk.console(desk.people.admin, drafts=tmp_path), size) as stage:
        await at_agents(stage)
        await editing(stage)
        area = document(stage)
        mine = area.text.replace("threshold = 0.5", "threshold = 7")
        area.text = mine
        await stage.press("ctrl+s")
        await stage.sees("retrieval_config.threshold must be a number from 0 to 1")
        line = next(n for n, text in enumerate(mine.splitlines()) if text.startswith("threshold"))
        assert area.cursor_location[0] == line
        assert area.text == mine
        assert (await agent_of(desk)).draft_revision == 1
        (kept,) = files(tmp_path)
        assert kept.read_text() == mine
        area.text = mine.replace("threshold = 7", "threshold = 0.7")
        await stage.press("ctrl+s")
        await stage.until(lambda: not isinstance(stage.app.screen, DocumentModal), "saved")
        await stage.sees("draft: ")
        assert (await Agents(desk.db).draft(desk.me, "assistant")).settings["retrieval_config"]["threshold"] == 0.7
        assert files(tmp_path) == []


async def test_esc_keeps_the_text_and_the_next_edit_goes_on_with_it(
    desk: Desk, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with running(desk.console(desk.people.admin, drafts=tmp_path), size) as stage:
        await at_agents(stage)
        await editing(stage)
        document(stage).text = 'name = "Mine"\n'
        await stage.press("escape")
        await stage.until(lambda: not isinstance(stage.app.screen, DocumentModal), "closed")
        assert "your text is kept" in stage.toasts
    async with running(desk.console(desk.people.admin, drafts=tmp_path), size) as stage:
        await at_agents(stage)
        await editing(stage)
        await stage.sees("your text of the last time")
        assert document(stage).text == 'name = "Mine"\n'
        await stage.press("ctrl+n")
        await stage.sees("begun anew")
        await stage.press("escape")
        await stage.until(lambda: not isinstance(stage.app.screen, DocumentModal), "closed")
        assert files(tmp_path) == []


async def test_what_is_being_kept_when_nothing_is_left_to_keep_is_not(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is slow: esc comes while a thread is about to write what was typed."""
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()
    keep = KeptText.keep

    def slowly(kept: KeptText, text: str) -> None:
        begun.set()
        assert go.wait(60)
        keep(kept, text)
        ended.set()

    monkeypatch.setattr(KeptText, "keep", slowly)
    async with running(desk.console(desk.people.admin, drafts=tmp_path), WIDE) as stage:
        await at_agents(stage)
        await editing(stage)
        await stage.type("z")
        await stage.until(begun.is_set, "being kept")
        await stage.press("ctrl+n", "escape")
        go.set()
        await stage.until(lambda: ended.is_set() and not isinstance(stage.app.screen, DocumentModal), "closed")
        assert files(tmp_path) == []


async def test_what_is_typed_outlives_the_console(desk: Desk, tmp_path: Path) -> None:
    async with running(desk.console(desk.people.admin, drafts=tmp_path), WIDE) as stage:
        await at_agents(stage)
        await editing(stage)
        await stage.type("zzz ")
    (kept,) = files(tmp_path)
    assert kept.read_text().startswith("zzz ")
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_who_changed_the_draft_meanwhile_is_named_and_mine_can_take_its_place(
    desk: Desk, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with running(desk.console(desk.people.admin, drafts=tmp_path), size) as stage:
        await at_agents(stage)
        await editing(stage)
        draft = await Agents(desk.db).draft(desk.people.owner, "assistant")
        theirs = {**draft.settings, "description": "theirs"}
        await Agents(desk.db).edit(desk.people.owner, draft.agent.id, theirs, revision=draft.agent.draft_revision)
        mine = document(stage).text.replace('description = ""', 'description = "mine"')
        document(stage).text = mine
        await stage.press("ctrl+s")
        await stage.sees("changed by olivia since", "ctrl+s puts it in")
        assert document(stage).text == mine
        assert (await Agents(desk.db).draft(desk.me, "assistant")).settings["description"] == "theirs"
        await stage.press("ctrl+s")
        await stage.until(lambda: not isinstance(stage.app.screen, DocumentModal), "saved")
        assert (await Agents(desk.db).draft(desk.me, "assistant")).settings["description"] == "mine"


async def test_publishing_shows_what_changes_and_asks_for_a_note(desk: Desk, size: tuple[int, int]) -> None:
    await edit(desk, name="Assistant")
    await publish(desk)
    async with running(desk.console(desk.people.admin), size) as stage:
        await at_agents(stage)
        await stage.press("P")
        await stage.until(lambda: "nothing to publish" in stage.toasts, "said")
        await edit(desk, description="second")
        await stage.sees("draft: 1 change")
        await stage.press("P")
        await stage.sees("Publish Assistant?", '"" -> "second"', "1 change")
        await stage.press("enter", "space", "enter")
        await stage.sees("say in a few words what changes", "Publish Assistant?")
        assert len(await Versions(desk.db).list(desk.me, desk.people.agent_id)) == 2
        await stage.enter("for May")
        await stage.until(lambda: "visitors meet v3 of Assistant now" in stage.toasts, "published")
        await stage.sees("live v3")
    newest = (await Versions(desk.db).list(desk.me, desk.people.agent_id))[0]
    assert (newest.number, newest.note, newest.author_name, newest.live) == (3, "for May", "adam", True)


async def test_a_publish_overtaken_meanwhile_is_refused_and_the_note_is_kept(desk: Desk, size: tuple[int, int]) -> None:
    await edit(desk, description="second")
    async with running(desk.console(desk.people.admin), size) as stage:
        await at_agents(stage)
        await stage.press("P")
        await stage.sees("Publish Assistant?")
        await stage.type("mine")
        await publish(desk, "theirs")
        await stage.press("enter")
        await stage.sees("somebody has published or rolled back since", "mine")
        assert len(await Versions(desk.db).list(desk.me, desk.people.agent_id)) == 2


async def test_a_version_is_compared_and_rolled_back_to(desk: Desk, size: tuple[int, int]) -> None:
    for text in ("one", "two"):
        await edit(desk, description=text)
        await publish(desk, f"note {text}")
    async with running(desk.console(desk.people.admin), size) as stage:
        await at_agents(stage)
        await stage.press("v")
        await stage.sees("Versions of Assistant", "note two", "visitors meet this one")
        await stage.press("minus")
        await stage.sees("v3 is live already")
        await stage.press("down")
        await stage.sees('"two" -> "one"')
        await stage.press("minus")
        await stage.sees("Roll back Assistant to v2?")
        await stage.enter("worse answers")
        await stage.until(lambda: "visitors meet v2 of Assistant now" in stage.toasts, "rolled back")
        await stage.sees("live v2")
    assert (await Agents(desk.db).draft(desk.me, "assistant")).settings["description"] == "two"


async def test_a_question_is_tried_on_the_draft_and_on_what_is_live(desk: Desk, size: tuple[int, int]) -> None:
    await edit(desk, retrieval_config={"threshold": 0.25})
    async with running(desk.console(), size) as stage:
        await at_agents(stage)
        await stage.press("p")
        await stage.sees("Ask Assistant", "[draft]")
        await stage.enter("what is the refund")
        await stage.sees("what is the refund", "below 25% a person takes over", "to a person:")
        await stage.press("tab")
        await stage.sees("[live v1]")
        await stage.enter("again")
        await stage.sees("below 50% a person takes over")
    async with desk.db.read(desk.people.workspace_id) as tx:
        counts = await tx.row(
            "SELECT (SELECT count(*) FROM conversations WHERE workspace_id = :ws) AS talks,"
            " (SELECT count(*) FROM knowledge_gaps WHERE workspace_id = :ws) AS gaps,"
            " (SELECT count(*) FROM runs WHERE workspace_id = :ws AND kind = 'eval') AS runs"
        )
    assert counts is not None
    assert tuple(counts) == (0, 0, 2)


async def test_an_agent_is_made_and_given_its_web_pages(desk: Desk, size: tuple[int, int]) -> None:
    async with running(desk.console(desk.people.admin), size) as stage:
        await at_agents(stage)
        await stage.press("plus")
        await stage.sees("A new agent")
        await stage.enter("Sales")
        await stage.enter("assistant")
        await stage.sees("has an agent 'assistant' already")
        await stage.press(*["backspace"] * 9)
        await stage.enter("sales")
        await stage.sees("not published", "sales")
        await stage.press("end", "o", "plus")
        await stage.sees("Let a site talk with Sales")
        await stage.enter("shop.example/x")
        await stage.sees("can't be listed")
        await stage.press(*["backspace"] * 14)
        await stage.enter("https://shop.example")
        await stage.until(lambda: "Let a site" not in stage.text, "closed")
        await stage.sees("https://shop.example")
        await stage.press("x")
        await stage.sees("Remove this site?")
        await stage.press("y")
        await stage.sees("No web page may talk with it yet")


async def test_hostile_names_notes_and_settings_are_shown_as_they_are(desk: Desk, size: tuple[int, int]) -> None:
    await edit(desk, name=MARKUP)
    await publish(desk, f"{MARKUP}\x1b]0;x\x07")
    await edit(
        desk, name=MARKUP, system_prompt=f"{MARKUP}\n\x1b[31m\u202e", ctas=[{"label": MARKUP, "url": "https://a"}]
    )
    async with running(desk.console(desk.people.admin), size) as stage:
        await at_agents(stage)
        await stage.sees("[@click=app.leave]x[/]")
        await stage.press("enter")
        await stage.sees("␛[31m⟨U+202E⟩")
        await stage.press("escape", "v")
        await stage.sees("Versions of [@click=app.leave]x[/]")
        await stage.press("escape", "P")
        await stage.sees("Publish [@click=app.leave]x[/]")
        await stage.press("escape", "p")
        await stage.sees("Ask [@click=app.leave]x[/]")
        await stage.enter(MARKUP)
        await stage.sees("a person takes over")
        await stage.press("escape")
        await editing(stage)
        await stage.sees("Draft of [@click=app.leave]x[/]")
        assert not {"\x1b", "\u202e"} & set(stage.text)
        assert not stage.app._exit


async def test_what_can_not_be_read_says_so_and_can_be_tried_again(desk: Desk, size: tuple[int, int]) -> None:
    from console.errors import RefusedError

    broken = True

    async def around(call: object) -> object:
        if broken:
            raise RefusedError("the list is out of reach", hint="wait")
        return await call()  # type: ignore[operator]

    services = desk.services()
    services.__dict__["agents"] = Around(services.agents, "overview", around)
    async with running(desk.console(services=services), size) as stage:
        await stage.press("4")
        await stage.sees("the list is out of reach: wait", "R tries again")
        broken = False
        await stage.press("R")
        await stage.sees("Assistant")


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
async def test_every_line_fits(desk: Desk, columns: int) -> None:
    await edit(desk, name="A very long name of an agent that nobody would ever give to one, would they " * 2)
    async with running(desk.console(desk.people.admin), (columns, 24)) as stage:
        await at_agents(stage)
        await stage.sees("A very long name")
        assert max(len(line) for line in stage.text.splitlines()) <= columns
