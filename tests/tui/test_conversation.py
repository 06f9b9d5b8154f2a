from __future__ import annotations

from console.clock import utc_now
from console.domain.conversation import Control, HandoffReason, Status
from console.domain.message import MessageRole
from console.domain.run import Suggestion
from console.errors import ConflictError, ConnectionFailedError
from console.ids import ConversationId, RunId, new_id
from console.text import SafeText
from console.tui.screens.conversation import ConversationScreen
from tests.tui.support.fake import World
from tests.tui.support.stage import NARROW, WIDE, Stage, console

ASKS = HandoffReason.CUSTOMER_REQUEST


async def open_first(stage: Stage, id: ConversationId) -> None:
    await stage.press("enter")
    await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
    await stage.opened(id)


async def test_opens_beside_the_list_or_over_it(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    world.assistant_says(id, "You can return within 90 days. [1]", 0.94, cites=["Returns, Size"])
    async with console(world, size) as stage:
        await open_first(stage, id)
        await stage.sees("Acme assistant  94%", "You can return within 90 days. [1]", "[1] Returns, Size", "agent v7")
        await stage.sees("handed to a person: the visitor asked", "waiting 4m", "Acme Retail")
        pushed = isinstance(stage.app.screen, ConversationScreen)
        assert pushed is (size == NARROW)
        await stage.until(lambda: world.store.find(id).read.get(world.actor.user_id) == 2, "marked read")
        await stage.press("escape")
        await stage.until(lambda: stage.rows.has_focus, "back in the list")


async def test_preview_follows_the_cursor_after_a_rest(world: World) -> None:
    first, second = world.conversation("First", minutes=1), world.conversation("Second", minutes=2, said="second words")
    async with console(world) as stage:
        await stage.opened(first)
        await stage.press("j")
        await stage.opened(second)
        await stage.sees("second words")
        assert stage.rows.has_focus
        assert world.store.find(second).read == {}


async def test_take_over_write_send_hand_back(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, size) as stage:
        await stage.press("t")
        await stage.until(lambda: world.of(id).holder is not None, "claimed")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.sees("you, since", "you took over", "reply to Crystal Minh", "ctrl+s send")
        await stage.type("Hi Crystal tepbq?")
        await stage.press("ctrl+s")
        await stage.until(lambda: "Hi Crystal tepbq?" in world.texts(id), "sent")
        await stage.until(lambda: stage.pane.box.area.text == "", "composer empty")
        assert (id, "reply") not in world.store.drafts
        await stage.type("Bye")
        await stage.press("ctrl+o")
        await stage.until(lambda: world.of(id).control is Control.AI, "handed back")
        await stage.sees("Bye", "you handed back to the assistant")
        await stage.until(lambda: not stage.pane.box.is_open, "composer gone")
        assert world.texts(id)[-2:] == ["Hi Crystal tepbq?", "Bye"]


async def test_hand_back_and_resolve_by_key(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, size) as stage:
        await open_first(stage, id)
        await stage.press("t")
        await stage.writing()
        await stage.press("escape")
        await stage.until(lambda: "b hand back" in stage.footer, "footer")
        await stage.press("b")
        await stage.until(lambda: world.of(id).control is Control.AI, "handed back")
        await stage.sees("ai answers")
        await stage.press("e")
        await stage.until(lambda: world.of(id).status is Status.RESOLVED, "resolved")
        await stage.sees("resolved")


async def test_draft_is_kept_as_typed_and_comes_back(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, size) as stage:
        await stage.press("t")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.type("half a sentence")
        await stage.until(lambda: (id, "reply") in world.store.drafts, "saved while typing")
        await stage.type(" more")
        await stage.press("escape")
        await stage.until(lambda: world.store.drafts[id, "reply"].content == "half a sentence more", "saved on esc")
        assert world.texts(id) == ["Can I speak to someone about my refund?"]
    async with console(world, size) as stage:
        await stage.sees("draft")
        await stage.press("t")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        assert stage.pane.box.area.text == "half a sentence more"


async def test_a_draft_is_saved_when_the_console_ends(world: World) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world) as stage:
        await stage.press("t")
        await stage.writing()
        await stage.type("x")
        stage.app.exit()
    assert world.store.drafts[id, "reply"].content == "x"


async def test_the_loser_of_a_claim_sees_who_won(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, size) as stage:
        await world.other_claims(id, quietly=True)
        await stage.press("t")
        await stage.until(lambda: "claimed by Dana Okafor" in stage.toasts and "s ago" in stage.toasts, "told")
        await stage.sees("held by Dana Okafor")
        assert world.of(id).holder is not None
        assert world.store.calls.count("takeover.take_from") == 0


async def test_a_send_after_the_claim_is_lost_keeps_the_text(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, size) as stage:
        await stage.press("t")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.type("my words")
        listeners, world.store.listeners = world.store.listeners, []
        world.store.change(id, holder=None, epoch=9)
        await world.services.takeover.claim(world.other, id)
        world.store.listeners = listeners
        await stage.press("ctrl+s")
        await stage.sees("held by Dana Okafor", "your draft is kept", "my words")
        assert stage.pane.box.area.text == "my words"
        assert "my words" not in world.texts(id)


async def test_a_retry_after_a_lost_answer_sends_once(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    world.store.lost_acknowledgements = 1
    async with console(world, size) as stage:
        await stage.press("t")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.type("only once")
        await stage.press("ctrl+s")
        await stage.sees("not sent, no connection", "ctrl+s tries again")
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "acknowledged")
        assert world.texts(id).count("only once") == 1
        assert world.store.calls.count("messages.send") == 2
        assert stage.app.outbox.waiting == 0


async def test_refused_send_can_be_corrected(world: World) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world) as stage:
        await stage.press("t")
        await stage.writing()
        await stage.press("ctrl+s")
        await stage.sees("nothing to send")
        await stage.type("a")
        world.store.broken["messages.send"] = ConflictError("held by somebody")
        await stage.press("ctrl+s")
        await stage.sees("not sent: held by somebody")
        world.store.broken.clear()
        await stage.type("b")
        await stage.press("ctrl+s")
        await stage.until(lambda: world.texts(id)[-1] == "ab", "sent")


async def test_note(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, size) as stage:
        await stage.press("p")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.sees("only your team sees it")
        assert "ctrl+o" not in stage.footer
        await stage.type("gold member")
        await stage.press("ctrl+s")
        await stage.sees("note  you", "gold member")
        assert world.store.find(id).messages[-1].role is MessageRole.NOTE
        assert world.of(id).holder is None
        await stage.until(lambda: not stage.pane.box.is_open, "composer gone")


async def test_suggestion(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    world.store.find(id).suggestion = Suggestion(RunId(new_id()), SafeText("Refunds take three days."), utc_now())
    async with console(world, size) as stage:
        await stage.press("t")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.sees("The assistant was about to say", "Tab to use it", "Refunds take three days.")
        await stage.press("tab")
        await stage.until(lambda: stage.pane.box.area.text == "Refunds take three days.", "used")
        assert stage.pane.box.area.has_focus


async def test_why(world: World, size: tuple[int, int]) -> None:
    id = world.conversation()
    world.assistant_says(id, "It ships on Tuesday.", 0.94)
    async with console(world, size) as stage:
        await open_first(stage, id)
        await stage.until(lambda: "w why" in stage.footer, "footer")
        await stage.press("w")
        await stage.sees("Why did the assistant say this?", "94%", "Returns / Return Due To Size", "1.91", "quoted")
        await stage.press("escape")
        await stage.until(lambda: "Why did" not in stage.text, "closed")


async def test_live_messages_appear(world: World, size: tuple[int, int]) -> None:
    id = world.conversation()
    async with console(world, size) as stage:
        await open_first(stage, id)
        world.visitor_says(id, "are you there?")
        await stage.sees("are you there?")
        world.store.find(id).answering = True
        world.store.tell(id)
        await stage.sees("the assistant is answering")


async def test_a_late_result_for_another_conversation_is_dropped(world: World) -> None:
    first, second = world.conversation("First", minutes=1, said="first words"), world.conversation("Second", minutes=2)
    world.visitor_says(first, "a second message")
    async with console(world) as stage:
        await stage.opened(first)
        thread = stage.pane.thread
        assert thread is not None
        stage.pane.open(second)
        from console.tui.thread import read

        late = await read(world.services, world.actor, first)
        stage.pane.post_message(stage.pane.Read(first, late))
        await stage.opened(second)
        await stage.pilot.pause()
        assert stage.pane.subject is not None
        assert stage.pane.subject.id == second
        assert stage.pane.thread is not None
        assert len(stage.pane.thread.messages) == 1


async def test_the_end_stays_in_sight_when_the_room_shrinks(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    for at in range(2, 40):
        world.store.append(id, MessageRole.USER, f"message {at}")
    world.store.find(id).suggestion = Suggestion(RunId(new_id()), SafeText("Refunds take three days."), utc_now())
    async with console(world, size) as stage:
        await stage.press("t")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        await stage.sees("you took over", "The assistant was about to say")
        await stage.press("tab", "ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "sent")
        await stage.until(lambda: stage.pane.transcript.at_end, "the end in sight")
        world.visitor_says(id, "and the last word")
        await stage.sees("and the last word")


async def test_ten_thousand_messages_open_like_twenty(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(minutes=2000)
    for at in range(2, 10_001):
        world.store.append(id, MessageRole.USER if at % 2 else MessageRole.ASSISTANT, f"message {at}")
    async with console(world, size) as stage:
        await open_first(stage, id)
        await stage.sees("message 10000")
        assert stage.pane.thread is not None
        assert len(stage.pane.thread.messages) == 100
        for _ in range(3):
            await stage.press("g")
            await stage.pilot.pause()
        await stage.until(lambda: len(stage.pane.thread.messages) >= 300, "earlier ones")  # type: ignore[union-attr]
        await stage.press("G")
        await stage.sees("message 10000")


async def test_reading_on_while_earlier_messages_come(world: World) -> None:
    id = world.conversation(minutes=2000)
    for at in range(2, 301):
        world.store.append(id, MessageRole.USER, f"message {at}")
    async with console(world) as stage:
        await open_first(stage, id)
        await stage.sees("message 300")
        stage.pane.transcript.scroll_to(y=30, animate=False)
        await stage.pilot.pause()
        await stage.until(lambda: len(stage.pane.thread.messages) == 100, "still")  # type: ignore[union-attr]
        before = [line.split("  ")[-1] for line in stage.text.splitlines() if "message" in line]
        stage.pane.transcript.scroll_to(y=10, animate=False)
        await stage.until(lambda: len(stage.pane.thread.messages) == 200, "earlier ones")  # type: ignore[union-attr]
        assert stage.pane.transcript.scroll_offset.y > 100
        assert before


async def test_admin_takes_from_another_after_asking(admin_world: World, size: tuple[int, int]) -> None:
    world = admin_world
    id = world.conversation(waiting=ASKS)
    await world.other_claims(id)
    async with console(world, size) as stage:
        await stage.sees("held by Dana Okafor")
        await stage.press("t")
        await stage.sees("Take over from Dana Okafor?")
        await stage.press("enter")
        await stage.until(lambda: "Take over from" not in stage.text, "no is the default")
        assert world.of(id).holder.user_id == world.other.user_id  # type: ignore[union-attr]
        await stage.press("t")
        await stage.sees("Take over from Dana Okafor?")
        await stage.press("y")
        await stage.until(lambda: world.of(id).holder.user_id == world.actor.user_id, "taken")  # type: ignore[union-attr]


async def test_a_member_does_not_take_from_another(world: World) -> None:
    id = world.conversation(waiting=ASKS)
    await world.other_claims(id)
    async with console(world) as stage:
        await stage.opened(id)
        await stage.press("t", "b", "e")
        await stage.pilot.pause()
        assert world.of(id).holder.user_id == world.other.user_id  # type: ignore[union-attr]
        assert "take over" not in stage.footer


async def test_next_for_me(world: World, size: tuple[int, int]) -> None:
    for at in range(3):
        world.conversation(f"calm {at}", minutes=at)
    first = world.conversation("W1", waiting=ASKS, minutes=9)
    second = world.conversation("W2", waiting=ASKS, minutes=8)
    async with console(world, size) as stage:
        await stage.press("G", "n")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.opened(first)
        await stage.until(lambda: "n next" in stage.footer, "footer")
        await stage.press("n")
        await stage.opened(second)


async def test_the_lease_is_renewed_while_holding(world: World) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world) as stage:
        stage.app._heartbeat()
        assert not [worker for worker in stage.app.workers if worker.group == "heartbeat"]
        assert "takeover.renew" not in world.store.calls
        await stage.press("t")
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
        stage.app._heartbeat()
        await stage.until(lambda: "takeover.renew" in world.store.calls, "renewed")
        assert world.of(id).holder is not None


async def test_shrinking_goes_on_writing_over_the_list(world: World) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, WIDE) as stage:
        await stage.press("t")
        await stage.writing()
        await stage.type("keep me")
        await stage.pilot.resize_terminal(*NARROW)
        await stage.until(lambda: isinstance(stage.app.screen, ConversationScreen), "pushed")
        await stage.writing()
        assert stage.pane.target == id
        assert stage.pane.box.area.text == "keep me"


async def test_offline_says_what_still_works(world: World, size: tuple[int, int]) -> None:
    id = world.conversation(waiting=ASKS)
    async with console(world, size) as stage:
        await stage.press("t")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.writing()
        world.store.broken["*"] = ConnectionFailedError("the server can't be reached")
        await stage.type("words")
        await stage.sees("offline", "sending waits")
        await stage.press("ctrl+s")
        await stage.sees("not sent, no connection")
        assert stage.app.drafts.unsaved
        world.store.broken.clear()
        await stage.press("ctrl+s")
        await stage.until(lambda: "words" in world.texts(id), "sent")
        await stage.until(lambda: "sending waits" not in stage.text, "online")
