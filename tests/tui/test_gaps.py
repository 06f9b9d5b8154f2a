"""The gaps' screen: from a question asked in vain to an answer that visitors meet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from console.domain.gap import GapStatus, GapTrigger
from console.domain.message import MessageRole
from console.ids import GapId
from console.knowledge.requests import normalise_question
from console.services import gaps
from console.tui.screens.gaps import GapsScreen
from console.tui.widgets.conversation_pane import ConversationPane
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, Running, running
from tests.world import Talk

QUESTION = "do you ship outside the US?"
OTHER = "can I pay with two cards?"
ANSWER = "Only within the US."
Size = tuple[int, int]


async def asked(desk: Desk, question: str, place: int = 0, name: str = "Crystal Minh") -> tuple[GapId, Talk]:
    """A question asked in vain; gaps of the same `place` mean the same."""
    talk = await desk.visitor(name, said=question)
    seen = gaps.Occurrence(
        agent_id=desk.people.agent_id, conversation_id=talk.id, seq=1, run_id=None, question=question,
        normalised=normalise_question(question), embedding=[float(n == place) for n in range(384)],
        trigger=GapTrigger.LOW_CONFIDENCE, score=0.28, threshold=0.5, retrieval=(),
    )  # fmt: skip
    async with desk.db.write(desk.people.workspace_id) as tx:
        return await gaps.record(tx, seen), talk


async def to_gaps(it: Running, *words: str) -> None:
    """To the second area, until these are seen."""
    await it.press("2")
    await it.sees("open", *words)


async def in_full(it: Running) -> None:
    """The gap under the cursor, beside the list or in its place."""
    await it.press("enter")
    await it.sees("asked in")


async def status(desk: Desk, id: GapId) -> GapStatus:
    """Where a gap stands."""
    return (await desk.services().gaps.show(desk.me, id)).gap.status


async def becomes(it: Running, desk: Desk, id: GapId, wanted: GapStatus) -> None:
    """Wait until a gap stands so."""

    async def there() -> bool:
        return await status(desk, id) is wanted

    await it.until_true(there, f"{wanted}")


async def test_the_queue_says_how_often_why_and_where(desk: Desk, size: Size) -> None:
    await asked(desk, QUESTION)
    await asked(desk, "Do you ship outside the us")
    await asked(desk, OTHER, 1)
    async with running(desk.console(), size) as it:
        await to_gaps(it, "2x", QUESTION, "unsure 28%", "2 conversations", OTHER, "[open 2]", "Gaps 2")
        await it.press("enter")
        await it.sees("“Do you ship outside the us”", "2 visitors", "none yet: i writes it", "asked in", "Crystal Minh")


async def test_an_answer_is_written_approved_asked_again_and_published(desk: Desk, size: Size) -> None:
    id, _ = await asked(desk, QUESTION)
    async with running(desk.console(desk.people.admin), size) as it:
        await to_gaps(it, QUESTION)
        await it.press("y")  # nothing to approve yet
        await it.press("i")
        await it.sees("Answer to")
        await it.type(ANSWER)
        await it.press("ctrl+s")
        await it.sees("draft ready")
        await it.press("y")
        await it.sees("asked again: 1 of 1 answered from the draft", "P publish v2 of assistant", "[open 0]")
        await it.press("P")
        await it.sees("Publish Assistant?")
        await it.type("gaps")
        await it.press("enter")
        await it.until(lambda: "visitors meet v2" in it.toasts, "published")
        assert "asked again" not in it.text
    assert await status(desk, id) is GapStatus.APPROVED
    (version, _first) = await desk.services().versions.list(desk.me, desk.people.agent_id)
    assert version.snapshot["curated_answers"][0]["answer"] == ANSWER


async def test_an_approval_is_undone(desk: Desk, size: Size) -> None:
    id, _ = await asked(desk, QUESTION)
    await desk.services().review.draft(desk.me, id, ANSWER)
    async with running(desk.console(desk.people.admin), size) as it:
        await to_gaps(it, "draft ready")
        await in_full(it)
        await it.press("y")
        await it.sees("asked again", "[open 0]", "No gaps")
        await it.press("u")
        await it.sees("draft ready", "[open 1]")
        assert "asked again" not in it.text
    assert await desk.services().curated.list(desk.me) == ()


async def two_approved(it: Running, desk: Desk) -> tuple[GapId, GapId]:
    """Two gaps, in the order of the keys that approve them."""
    first, _ = await asked(desk, QUESTION)
    second, _ = await asked(desk, OTHER, 1)
    for id in (first, second):
        await desk.services().review.draft(desk.me, id, ANSWER)
    await to_gaps(it, QUESTION, OTHER, "[open 2]")
    rows = [str(gap.id) for gap in await desk.services().gaps.queue(desk.me)]
    await it.press("y", "j", "y")
    return (first, second) if rows[0] == str(first) else (second, first)


@pytest.mark.parametrize("late", [0, 1])
async def test_undo_is_for_the_key_pressed_last(desk: Desk, late: int) -> None:
    """Whichever of two approvals is told last, and while the other is not told yet."""
    told, calls = asyncio.Event(), count()

    async def slowly(call: Callable[[], Awaitable[Any]]) -> Any:
        place = next(calls)
        approved = await call()
        if place == late:
            await told.wait()
        return approved

    services = desk.services()
    services.__dict__["review"] = Around(services.review, "approve", slowly)
    async with running(desk.console(desk.people.admin, services), WIDE) as it:
        first, last = await two_approved(it, desk)
        await becomes(it, desk, first, GapStatus.APPROVED)
        await becomes(it, desk, last, GapStatus.APPROVED)
        await it.sees("asked again")
        if late == 1:
            await it.press("u")  # of the first, which was told already: not the one that is meant
            told.set()
            await it.until(lambda: it.app.screen.check_action("gap_undo", ()) is True, "undo")
        else:
            told.set()
            screen = it.app.screen
            assert isinstance(screen, GapsScreen)
            await it.until(lambda: not screen._deciding, "both told")
        await it.press("u")
        await becomes(it, desk, last, GapStatus.DRAFTED)
        assert await status(desk, first) is GapStatus.APPROVED


async def test_who_is_second_is_told_who_was_first(desk: Desk, size: Size) -> None:
    id, _ = await asked(desk, QUESTION)
    await desk.services().review.draft(desk.me, id, ANSWER)

    async def too_late(approve: Callable[[], Awaitable[Any]]) -> object:
        await desk.services().review.approve(desk.people.owner, id)
        return await approve()

    review = Around(desk.services().review, "approve", too_late)
    async with running(desk.console(desk.people.admin, desk.services(review=review)), size) as it:
        await to_gaps(it, "draft ready")
        await in_full(it)
        await it.press("y")
        await it.until(lambda: "olivia approved this gap on " in it.toasts, "a word of it")
        await it.sees("[open 0]")


async def test_what_was_opened_and_decided_leaves_no_other_in_its_place(desk: Desk) -> None:
    id, _ = await asked(desk, QUESTION)
    other, _ = await asked(desk, OTHER, 1)
    for each in (id, other):
        await desk.services().review.draft(desk.me, each, ANSWER)
    async with running(desk.console(desk.people.admin), NARROW) as it:
        await to_gaps(it, "draft ready", QUESTION, OTHER)
        screen = it.app.screen
        assert isinstance(screen, GapsScreen)
        await it.until(lambda: screen.current is not None, "a row")
        assert screen.current is not None
        opened = screen.current.id
        await in_full(it)
        await it.press("y")
        await becomes(it, desk, opened, GapStatus.APPROVED)
        await it.sees("[open 1]", "asked again")
        assert not screen.opened
        assert "asked in" not in it.text
        assert await status(desk, other if opened == id else id) is GapStatus.DRAFTED


async def test_a_dismissal_is_asked_for(desk: Desk) -> None:
    id, _ = await asked(desk, QUESTION)
    async with running(desk.console(desk.people.admin), NARROW) as it:
        await to_gaps(it, QUESTION)
        await it.press("x")
        await it.sees("It never returns")
        await it.press("enter")
        await it.until(lambda: "never returns" not in it.text, "the question is gone")
        assert await status(desk, id) is GapStatus.OPEN
        await it.press("x")
        await it.sees("It never returns")
        await it.press("y")
        await becomes(it, desk, id, GapStatus.DISMISSED)
        await it.sees("[open 0]", "No gaps")
        await it.press("left")
        await it.sees("[dismissed 1]", QUESTION)


async def test_members_write_and_only_admins_decide(desk: Desk) -> None:
    id, _ = await asked(desk, QUESTION)
    await desk.services().review.draft(desk.me, id, ANSWER)
    async with running(desk.console(), WIDE) as it:
        await to_gaps(it, "draft ready")
        await it.press("y", "x", "m", "s", "P")
        await it.sees("y approve")
        assert it.app.screen.check_action("gap_approve", ()) is None
        assert it.app.screen.check_action("gap_edit", ()) is True
        assert len(it.app.screen_stack) == 1
    assert await status(desk, id) is GapStatus.DRAFTED
    async with running(desk.console(desk.people.viewer), WIDE) as it:
        await to_gaps(it, "draft ready")
        await it.press("i")
        assert it.app.screen.check_action("gap_edit", ()) is None


async def test_what_is_typed_is_kept(desk: Desk, tmp_path: Path, size: Size) -> None:
    id, _ = await asked(desk, QUESTION)
    async with running(desk.console(drafts=tmp_path), size) as it:
        await to_gaps(it, QUESTION)
        await in_full(it)
        await it.press("i")
        await it.sees("Answer to")
        await it.type("Only with")
        await it.press("escape")
        await it.until(lambda: "Answer to" not in it.text, "closed")
        await it.press("i")
        await it.sees("Only with", "of the last time")
        await it.press("escape")
    assert await status(desk, id) is GapStatus.OPEN


async def test_a_persons_reply_is_what_the_answer_begins_with(desk: Desk, size: Size) -> None:
    id, talk = await asked(desk, QUESTION)
    services = desk.services()
    claim = await services.takeover.claim(desk.people.other, talk.id)
    await services.messages.send(desk.people.other, talk.id, ANSWER, token="1", epoch=claim.epoch)
    async with running(desk.console(), size) as it:
        await to_gaps(it, "person answered")
        await in_full(it)
        await it.sees("i begins with it")
        await it.press("i")
        await it.sees("Answer to", "from max's reply", ANSWER)
        await it.press("ctrl+s")
        await it.sees("drafted 1", "from a person's reply")
    assert (await services.gaps.show(desk.me, id)).gap.draft == ANSWER


async def test_gaps_are_merged_and_split(desk: Desk, size: Size) -> None:
    first, _ = await asked(desk, QUESTION)
    await asked(desk, QUESTION)
    second, _ = await asked(desk, OTHER, 1)
    async with running(desk.console(desk.people.admin), size) as it:
        await to_gaps(it, QUESTION, OTHER)
        await it.press("j")
        await in_full(it)
        await it.press("m")
        await it.sees("is the same as", QUESTION)
        await it.picks()
        await it.press("enter")
        await it.sees("3 conversations", "[open 1]")
        assert await status(desk, second) is GapStatus.MERGED
        await it.press("s")
        await it.sees("a gap of its own?", OTHER)
        await it.picks()
        await it.press("enter")
        await it.sees("2 conversations", "[open 2]")
    assert await status(desk, second) is GapStatus.OPEN
    assert (await desk.services().gaps.show(desk.me, first)).gap.occurrences == 2


async def test_after_a_merge_s_is_for_the_gap_merged_into(desk: Desk, size: Size) -> None:
    for question, place in ((QUESTION, 0), (OTHER, 1), ("is the shop open on Sunday?", 2)):
        into, _ = await asked(desk, question, place)
    for _ in range(2):
        await asked(desk, "is the shop open on Sunday?", 2)
    async with running(desk.console(desk.people.admin), size) as it:
        await to_gaps(it, QUESTION, OTHER)
        screen = it.app.screen
        assert isinstance(screen, GapsScreen)
        await it.press("j", "m")
        await it.picks()
        await it.type("Sunday")
        await it.press("enter")
        await it.until(lambda: "s splits it off again" in it.toasts, "merged")
        await it.sees("[open 2]")
        assert screen.current is not None
        assert screen.current.id == into


async def test_enter_leads_to_the_conversation(desk: Desk, size: Size) -> None:
    _, talk = await asked(desk, QUESTION)
    _, other = await asked(desk, QUESTION, name="Joyce Wu")
    async with running(desk.console(), size) as it:
        await to_gaps(it, QUESTION)
        await it.press("enter")
        await it.sees("asked in")
        await it.until(lambda: it.app.screen.detail is not None, "the detail")  # type: ignore[attr-defined]
        await it.press("enter")
        await it.sees("Which conversation?")
        await it.picks()
        await it.type("Joyce")
        await it.press("enter")
        await it.until(lambda: it.app.current_mode == "inbox", "the inbox")
        await it.until(lambda: bool(it.app.screen.query(ConversationPane)), "a conversation")
        await it.opened(other.id)
    assert talk.id != other.id


async def test_letters_are_words_while_something_is_typed(desk: Desk, size: Size) -> None:
    id, _ = await asked(desk, QUESTION)
    await desk.services().review.draft(desk.me, id, ANSWER)
    async with running(desk.console(desk.people.admin), size) as it:
        await to_gaps(it, "draft ready")
        await it.press("slash")
        await it.type("yxmsP")
        await it.sees("Nothing matches")
        assert len(it.app.screen_stack) == 1
    assert await status(desk, id) is GapStatus.DRAFTED


@pytest.mark.parametrize("tab", ["open", "drafted", "approved", "dismissed"])
async def test_an_empty_tab_says_why(desk: Desk, tab: str) -> None:
    words = {
        "open": "No gaps",
        "drafted": "No draft",
        "approved": "Nothing is approved",
        "dismissed": "Nothing is dism",
    }
    async with running(desk.console(), NARROW) as it:
        await it.press("2")
        await it.sees("No gaps")
        await it.press(*["right"] * list(words).index(tab))
        await it.sees(f"[{tab} 0]", words[tab])
        await it.press("y", "i", "x", "m", "s", "u", "P", "enter")
        assert len(it.app.screen_stack) == 1


async def test_an_answer_is_flagged_where_it_is_read(desk: Desk, size: Size) -> None:
    talk = await desk.visitor(said=QUESTION)
    await desk.answers(talk, "Yes, everywhere.")
    async with running(desk.console(), size) as it:
        await it.sees("Crystal Minh")
        await it.open()
        await it.sees("Yes, everywhere.")
        await it.press("f")
        await it.until(lambda: "is a gap now" in it.toasts, "flagged")
    (gap,) = await desk.services().gaps.list(desk.me)
    assert (gap.question, gap.trigger, gap.occurrences) == (QUESTION, GapTrigger.FLAGGED, 1)
    transcript = await desk.services().conversations.transcript(desk.me, talk.id)
    assert [one.role for one in transcript.messages] == [MessageRole.USER, MessageRole.ASSISTANT]


async def test_an_answer_is_flagged_where_its_why_is_read(desk: Desk) -> None:
    talk = await desk.visitor(said=QUESTION)
    await desk.answers(talk, "Yes, everywhere.")
    async with running(desk.console(), WIDE) as it:
        await it.open()
        await it.sees("Yes, everywhere.")
        await it.press("w")
        await it.sees("Why did the assistant", "f flag as a gap")
        await it.press("f")
        await it.until(lambda: "is a gap now" in it.toasts, "flagged")
    assert [gap.question for gap in await desk.services().gaps.list(desk.me)] == [QUESTION]


async def test_hostile_words_are_only_words(desk: Desk, size: Size) -> None:
    evil = "[@click=app.leave]leave[/] \x1b]52;c;aGk=\x07 \u202egnol [b"
    id, _ = await asked(desk, evil, name="[red]\x1b[2J[/")
    await desk.services().review.draft(desk.me, id, f"{evil}\n[/x]")
    async with running(desk.console(desk.people.admin), size) as it:
        await to_gaps(it, "[@click=app.leave]leave[/] ␛]52;c;aGk=␇", "draft ready")
        await it.press("enter")
        await it.sees("[/x]", "asked in", "[red]␛[2J[/")
        await it.press("x")
        await it.sees("It never returns", "[@click")
        await it.press("n")
        await it.press("y")
        await it.sees("asked again: 1 of 1")
