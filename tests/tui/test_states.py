"""What the console shows and does when something is not as usual."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

import console.tui
from console.clock import utc_now
from console.domain.live import Link, LinkChanged
from console.errors import ExitCode
from console.text import SafeText
from console.tui.attention import APART, Attention, desktop
from console.tui.listening import hear
from console.tui.present.plain import SIGNS
from console.tui.themes import ANSI, DARK, LIGHT, chosen
from tests.tui.support.desk import Desk
from tests.tui.support.stage import BROAD, NARROW, WIDE, running

SIZES = [
    (1, 1),
    (20, 5),
    (300, 100),
    (60, 18),
    (59, 18),
    (60, 17),
    (99, 30),
    (100, 30),
    (139, 40),
    (140, 40),
    (200, 60),
]


async def test_any_size_in_any_order(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.opened(talk.id)
        await stage.take()
        await stage.type("half")
        for sizes in (SIZES, SIZES[::-1]):
            for size in sizes:
                await stage.pilot.resize_terminal(*size)
                await stage.pilot.pause()
        await stage.pilot.resize_terminal(*NARROW)
        await stage.sees("half", "ctrl+s")


@pytest.mark.parametrize(
    ("size", "panes"), [((60, 18), 1), ((99, 24), 1), ((100, 24), 2), ((139, 40), 2), ((140, 40), 3)]
)
async def test_panes_by_width(desk: Desk, size: tuple[int, int], panes: int) -> None:
    await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        shown = [each for each in ("#left", "#pane", "#facts") if stage.app.screen.query_one(each).region.width]
        assert len(shown) == panes
        assert all(stage.app.screen.query_one(each).region.right <= size[0] for each in shown)


async def test_the_third_pane_comes_with_the_room(desk: Desk) -> None:
    talk = await desk.waiting(page="https://acme.test/returns")
    async with running(desk.console(), WIDE) as stage:
        await stage.opened(talk.id)
        await stage.pilot.resize_terminal(*BROAD)
        await stage.sees("handed over", "https://acme.test/returns", str(talk.id)[-12:])


async def test_a_membership_that_ends_ends_the_console(desk: Desk, size: tuple[int, int], tmp_path: Path) -> None:
    talk = await desk.waiting()
    async with running(desk.console(drafts=tmp_path), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("p")
        await stage.open_pane()
        await stage.writing()
        await stage.sees("live")
        await stage.quiet()
        await _remove(desk)
        stage.pane.box.area.insert("half")  # at once: the console ends with the first read or write from now on
        await stage.until(lambda: stage.app._exit, "left")
        assert stage.app.return_code == ExitCode.AUTH
        assert "no member" in str(stage.app.over)
    (kept,) = list_of(tmp_path)
    assert kept.read_text() == "half"
    assert (await desk.services().conversations.get(desk.people.admin, talk.id)).holder is None


def list_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def _remove(desk: Desk) -> None:
    async with desk.db.write(desk.people.workspace_id) as tx:
        await tx.execute(
            "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id", id=desk.me.user_id
        )


async def test_leaving_puts_back_what_is_held(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.opened(talk.id)
        await stage.take()
        await stage.until(lambda: stage.app.counts.mine == 1, "counted")
        await stage.press("escape")
        await stage.press("q")
        await stage.sees("Leave the console?")
        await stage.press("y")
        await stage.until(lambda: stage.app._exit, "left")
    assert (await desk.of(talk.id)).waiting
    transcript = await desk.services().conversations.transcript(desk.me, talk.id)
    assert [event.kind for event in transcript.events][-1] == "left"


async def test_mentions_are_counted_in_the_header(desk: Desk, size: tuple[int, int]) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("live")
        assert "@" not in stage.text.splitlines()[0]
        await desk.services().messages.note(desk.people.other, talk.id, "@mia look", token="one")
        await stage.until(lambda: "@1" in stage.text.splitlines()[0], "the badge")


async def test_a_viewer_is_told(desk: Desk, size: tuple[int, int]) -> None:
    await desk.waiting()
    async with running(desk.console(desk.people.viewer), size) as stage:
        await stage.sees("Crystal Minh")
        assert "reads only" in stage.text.splitlines()[0]


async def test_the_age_of_a_link_goes_on_while_it_stays(desk: Desk) -> None:
    async with running(desk.console(tick=0.05), NARROW) as stage:
        await stage.sees("live")
        hear(stage.app, LinkChanged(Link.OFFLINE))
        since = stage.app.link_since
        hear(stage.app, LinkChanged(Link.OFFLINE))
        assert stage.app.link_since == since


@pytest.mark.parametrize("link", [Link.POLLING, Link.OFFLINE])
async def test_a_link_that_is_not_live_shows_its_age(
    desk: Desk, link: Link, unpolled: None, unbeaten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(desk.console(tick=0.05), NARROW) as stage:
        await stage.sees("live")
        await stage.quiet()  # whatever is read now says that the server answers
        hear(stage.app, LinkChanged(link))
        shown = stage.app.link_since.astimezone() + timedelta(seconds=0.5)
        assert utc_now() - stage.app.link_since < timedelta(minutes=1)
        monkeypatch.setattr(stage.app, "now", lambda: shown)
        await stage.sees(f"{link.value} 0s")
        assert ("sending waits" in stage.text) is (link is Link.OFFLINE)


async def test_the_header_tells_of_a_listener_that_is_ended(desk: Desk, size: tuple[int, int], unpolled: None) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh", "live")
        since = stage.app.link_since
        await _end_listener(desk)
        await stage.until(lambda: stage.app.link_since != since, "noticed")  # it may be live again by now
        await talk.say("said meanwhile")
        await stage.sees("said meanwhile")
        await stage.sees("live")


async def _end_listener(desk: Desk) -> None:
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE %s"
    async with await psycopg.AsyncConnection.connect(desk.urls.superuser) as connection:
        found = await connection.execute(ended, [f'LISTEN "ws_{desk.people.workspace_id.hex}"'])
        assert await found.fetchone() == (1,)


async def test_it_polls_where_nothing_can_be_heard(desk: Desk, size: tuple[int, int]) -> None:
    services = desk.services()
    services.__dict__["live"] = type(services.live)(desk.db, "postgresql://nobody@127.0.0.1:1/none")
    talk = await desk.waiting()
    async with running(desk.console(services=services), size) as stage:
        await stage.sees("Crystal Minh", "polling")
        await talk.say("said unheard")
        await stage.sees("said unheard", "polling")


def literals(path: Path) -> set[str]:
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    return {sign for text in texts if isinstance(text, str) for sign in text if not sign.isascii()}


def test_every_sign_of_ours_has_a_plain_one() -> None:
    here = Path(console.tui.__file__).parent
    used = set().union(*(literals(path) for path in here.rglob("*.py") if path.name != "plain.py"))
    used |= literals(here.parent / "domain" / "words.py") | literals(here.parent / "clock.py")
    assert used <= {chr(sign) for sign in SIGNS}


@pytest.mark.parametrize(
    ("name", "env", "theme"),
    [
        ("auto", {"TERM": "xterm-256color"}, DARK),
        ("auto", {"TERM": "xterm-256color", "COLORFGBG": "0;15"}, LIGHT),
        ("auto", {"TERM": "xterm", "COLORTERM": "truecolor"}, DARK),
        ("auto", {"TERM": "linux"}, ANSI),
        ("auto", {"TERM": "screen"}, ANSI),
        ("dark", {"TERM": "linux"}, DARK),
        ("light", {"NO_COLOR": "1"}, ANSI),
        ("ansi", {"TERM": "xterm-256color"}, ANSI),
    ],
)
def test_the_theme_fits_the_terminal(name: str, env: dict[str, str], theme: Any) -> None:
    assert chosen(name, env) == theme.name


class Wall:
    """An `Attention` whose sequences are kept, and whose clock is turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, how: str = "bell") -> None:
        self.written: list[str] = []
        self.clock = 1000.0
        monkeypatch.setattr("console.tui.attention.monotonic", lambda: self.clock)
        self.attention = Attention(self.written.append, how, {"TERM": "xterm-256color"})
        self.attention.at(SafeText("Acme"))

    @property
    def calls(self) -> int:
        return self.written.count("\x07")


def test_calls_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch)
    for waiting in (3, 4, 5, 5, 6):
        wall.attention.counted(waiting, 0)
    assert wall.calls == 1
    wall.clock += APART
    wall.attention.tick()
    wall.clock += APART
    wall.attention.tick()
    assert wall.calls == 2


def test_less_work_and_focus_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch)
    wall.attention.counted(3, 1)
    wall.attention.counted(2, 0)
    wall.attention.focus(here=True)
    wall.attention.counted(9, 9)
    wall.attention.focus(here=False)
    wall.attention.tick()
    assert wall.calls == 0
    wall.attention.counted(9, 10)
    assert wall.calls == 1


def test_a_call_off_is_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch, "off")
    wall.attention.counted(0, 0)
    wall.attention.counted(1, 1)
    assert wall.written == []


def test_tmux_hands_a_notification_on() -> None:
    assert desktop("x", {"TERM": "tmux-256color", "TMUX": "here"}) == "\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\"
    assert desktop("x", {"TERM": "xterm", "VTE_VERSION": "7600"}) == "\x1b]777;notify;console;x\x07"
