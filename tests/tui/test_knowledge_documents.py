"""From a source to its documents, from a document to its text, and each step back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.crawl import SourceDetails
from console.domain.knowledge import DocumentText, Source
from console.errors import RefusedError
from console.services.sources import Sources
from console.tui.commands import BY_ID
from console.tui.document_window import MOST, PAGE
from console.tui.screens.knowledge import KnowledgeScreen
from console.tui.screens.knowledge_documents import FIRST_DOCUMENTS
from console.tui.screens.listing import REST
from console.tui.themes import ANSI
from tests.services.knowledge_support import write_articles
from tests.tui.support.desk import Desk
from tests.tui.support.library import Library, opened
from tests.tui.support.stage import NARROW, WIDE, Running, running
from tests.web import a_site

pytestmark = pytest.mark.usefixtures("unpolled")
MARKUP = "[@click=app.leave]x[/] [/ [$x] x[/b"


@pytest.fixture
async def library(desk: Desk) -> AsyncIterator[Library]:
    async with a_site() as site:
        yield Library(desk, site)


class Watched(Sources):
    """Tells which passages were asked for, and can be told to refuse."""

    def __init__(self, library: Library) -> None:
        super().__init__(library.desk.db, library.site.reach)
        self.asked: list[tuple[int, int]] = []
        self.shown = 0
        self.broken = False

    async def document(self, *args: Any, first: int = 0, limit: int = 20) -> DocumentText:
        if self.broken:
            raise RefusedError("the shelf is closed", hint="open it")
        self.asked.append((first, limit))
        return await super().document(*args, first=first, limit=limit)

    async def show(self, *args: Any, **kwargs: Any) -> SourceDetails:
        if self.broken:
            raise RefusedError("the shelf is closed", hint="open it")
        self.shown += 1
        return await super().show(*args, **kwargs)


async def folder(library: Library, path: Path, *topics: str) -> Source:
    """A folder that was read once."""
    write_articles(path, topics)
    source = await library.sources.add(library.admin, "folder", str(path), name="Docs")
    await library.read(source)
    return source


async def inside(stage: Running, *words: str) -> KnowledgeScreen:
    """The documents of the first source, with the cursor among them."""
    screen = await opened(stage, "Docs", "ready")
    await stage.press("enter")
    await stage.until(lambda: screen.source_pane.documents.has_focus, "among the documents")
    await stage.sees(*words)
    return screen


def texts(screen: KnowledgeScreen) -> list[object]:
    """The passages that are here, by ordinal."""
    return [block.key for block in screen.source_pane.passages.blocks if block.key != "head"]


async def test_a_cursor_walks_the_documents(library: Library, size: tuple[int, int], tmp_path: Path) -> None:
    await folder(library, tmp_path, "apples", "bread", "cheese")
    watched = Watched(library)
    async with library.running(size, sources=watched) as stage:
        screen = await inside(stage, "About apples", "About bread", "bread.md", "About cheese")
        await stage.quiet()
        shown = watched.shown
        for key, uri in (("j", "bread"), ("down", "cheese"), ("k", "bread"), ("G", "cheese"), ("g", "apples")):
            await stage.press(key)
            assert screen.source_pane.at_hand is not None
            assert screen.source_pane.at_hand.uri == f"{uri}.md"
        await stage.pilot.pause(2 * REST)
        assert watched.shown == shown  # it is the same source all the time
        await stage.until(lambda: "enter read it" in stage.footer and "c copy address" in stage.footer, "the keys")
        await stage.press("escape")
        assert screen.rows.has_focus
        await stage.until(lambda: "enter documents" in stage.footer and "copy" not in stage.footer, "the keys before")


async def test_enter_shows_the_text_and_escape_goes_each_step_back(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    await folder(library, tmp_path, "apples", "bread")
    async with library.running(size) as stage:
        screen = await inside(stage, "About bread")
        await stage.press("j", "enter")
        await stage.sees("About bread", "bread.md", "ready  6 passages  read just now")
        await stage.sees("1  About bread > Part 0", "Sentence 0 of part 0 tells something about bread.")
        assert ("Docs" in stage.text) == (size == WIDE)
        await stage.press("c")
        assert stage.app.clipboard == "bread.md"
        await stage.press("G")
        await stage.sees("6  About bread > Part 2", "Sentence 37 of part 2")
        await stage.press("escape")
        await stage.sees("About apples")
        assert screen.source_pane.at_hand is not None
        assert screen.source_pane.at_hand.uri == "bread.md"
        await stage.press("escape")
        assert screen.rows.has_focus
        assert not screen.opened


async def test_keys_that_would_meet_the_source_do_nothing_in_a_document(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    source = await folder(library, tmp_path, "apples")
    async with library.running(size) as stage:
        screen = await inside(stage, "About apples")
        assert screen.check_action("source_remove", ()) is True
        await stage.press("enter")
        await stage.sees("passages  read just now")
        await stage.press("s", "p", "x", "plus", "slash", "enter")
        assert screen.opened_document is not None
        assert stage.app.screen is screen
        assert {each for each in ("sync", "pause", "remove", "filter", "enter") if each in stage.footer} == set()
        await stage.press("f")
        await stage.sees("Test a search as")
    (now,) = await library.sources.list(library.admin)
    assert (now.id, now.status.value, now.progress) == (source.id, "ready", None)


async def test_a_document_of_thousands_of_passages_is_read_by_the_page(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    source = await folder(library, tmp_path, "bread")
    await library.long_document(source.id, 5000)
    watched = Watched(library)
    async with library.running(size, sources=watched) as stage:
        screen = await inside(stage, "A long one", "5,000")
        await stage.press("enter")
        await stage.sees("5,000 passages", "1  Part 1", "words of passage 1.")
        await stage.quiet()
        assert sum(limit for _, limit in watched.asked) <= 3 * PAGE
        await stage.press("G")
        await stage.sees("5,000  Part 5000", "words of passage 5000.")
        await stage.quiet()
        assert sum(limit for _, limit in watched.asked) <= 6 * PAGE
        last = texts(screen)
        assert (last[-1], last) == (4999, list(range(5000 - len(last), 5000)))
        await stage.press("g")
        await stage.sees("A long one", "words of passage 1.")
        assert texts(screen)[0] == 0


async def test_passages_follow_one_another_both_ways_and_only_some_are_kept(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    source = await folder(library, tmp_path, "bread")
    await library.long_document(source.id, 400)
    async with library.running(size) as stage:
        screen = await inside(stage, "A long one")
        await stage.press("enter")
        await stage.sees("words of passage 1.")
        for key, wanted in (("pagedown", "words of passage 300."), ("pageup", "words of passage 100.")):
            while wanted not in stage.text:
                before = stage.text
                await stage.press(key)
                await stage.until(lambda before=before: stage.text != before, key)
                here = texts(screen)
                assert here == list(range(int(str(here[0])), int(str(here[-1])) + 1))
                assert len(here) <= MOST


async def test_what_is_read_stays_in_its_place_while_more_comes(library: Library, tmp_path: Path) -> None:
    source = await folder(library, tmp_path, "bread")
    await library.long_document(source.id, 400)
    async with library.running(NARROW) as stage:
        screen = await inside(stage, "A long one")
        await stage.press("enter", "G")
        await stage.sees("words of passage 400.")
        for _ in range(12):
            await stage.press("pageup")
        await stage.quiet()
        assert texts(screen)[0] != 380
        number = screen.source_pane.passages.visible_keys()[1]
        screen._reread_text()
        await stage.quiet()
        assert screen.source_pane.passages.visible_keys()[1] == number


async def test_the_cursor_comes_to_the_last_of_any_number(library: Library, tmp_path: Path) -> None:
    source = await folder(library, tmp_path, "apples")
    await library.documents(source, 3 * FIRST_DOCUMENTS)
    async with library.running(NARROW) as stage:
        screen = await inside(stage, "page 0000")
        assert len(screen.source_pane.documents.rows) == FIRST_DOCUMENTS
        for known in (2 * FIRST_DOCUMENTS, 3 * FIRST_DOCUMENTS + 1):
            await stage.press("G")
            await stage.until(lambda n=known: len(screen.source_pane.documents.rows) == n, "more")
        await stage.press("G")
        assert len({row.uri for row in screen.source_pane.documents.rows}) == 3 * FIRST_DOCUMENTS + 1
        await stage.press("enter")
        await stage.sees("No passages.", "no search finds anything of it", "never read")


async def test_no_documents_yet(library: Library, size: tuple[int, int], tmp_path: Path) -> None:
    source = await library.sources.add(library.admin, "folder", str(tmp_path), name="Docs")
    async with library.running(size) as stage:
        await opened(stage, "queued")
        await stage.press("enter")
        await stage.sees("No documents yet.", "they come as they are read")
        await stage.press("j", "enter", "c")
        assert stage.app.clipboard == str(source.id)
        await library.sources.pause(library.admin, source.id)
        await stage.sees("= paused", "p reads it again")


async def test_what_failed_and_what_was_left_out_say_why(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "broken.md").write_bytes(bytes(range(256)))
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    await library.read(await library.sources.add(library.admin, "folder", str(tmp_path), name="Docs"))
    async with library.running(size) as stage:
        screen = await opened(stage, "Docs", "! failed")
        await stage.press("enter")
        await stage.sees("1 left out", "- left out", "photo.jpg", "no text, Markdown, HTML, PDF or Word file")
        await stage.press("enter")
        await stage.sees("! failed  0 passages  never read", "is no text file", "No passages.")
        await stage.press("escape", "j")
        assert screen.check_action("list_open", ()) is False
        await stage.press("enter", "c")
        assert screen.opened_document is None
        assert stage.app.clipboard == "photo.jpg"


async def test_what_can_not_be_read_says_so_in_its_place(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    await folder(library, tmp_path, "apples")
    watched = Watched(library)
    async with library.running(size, sources=watched) as stage:
        screen = await inside(stage, "About apples")
        watched.broken = True
        await stage.press("enter")
        await stage.sees("the shelf is closed: open it", "R tries again")
        watched.broken = False
        await stage.press("R")
        await stage.sees("Sentence 0 of part 0")
        assert screen.opened_document is not None


async def test_documents_that_can_not_be_read_say_so_too(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    await folder(library, tmp_path, "apples")
    watched = Watched(library)
    watched.broken = True
    async with library.running(size, sources=watched) as stage:
        await opened(stage, "Docs", "ready")
        await stage.press("enter")
        await stage.sees("the shelf is closed: open it", "R tries again")
        watched.broken = False
        await stage.press("R")
        await stage.sees("About apples")


async def test_a_document_read_anew_is_shown_anew(library: Library, size: tuple[int, int], tmp_path: Path) -> None:
    source = await folder(library, tmp_path, "apples")
    async with library.running(size) as stage:
        await inside(stage, "About apples")
        await stage.press("enter")
        await stage.sees("something about apples.")
        (tmp_path / "apples.md").write_text("# About pears\n\nPears are read since.")
        await library.sources.sync(library.admin, source.id)
        await library.read(source)
        await stage.sees("About pears", "ready  1 passage ", "Pears are read since.")
        (tmp_path / "apples.md").unlink()
        await library.sources.sync(library.admin, source.id)
        await library.read(source)
        await stage.sees("- removed", "no longer at its source", "no search finds anything of it")


async def test_a_source_removed_meanwhile_takes_its_document_with_it(
    library: Library, size: tuple[int, int], tmp_path: Path
) -> None:
    source = await folder(library, tmp_path, "apples")
    (tmp_path / "other").mkdir()
    await library.sources.add(library.admin, "folder", str(tmp_path / "other"), name="Other")
    async with library.running(size) as stage:
        screen = await inside(stage, "About apples")
        await stage.press("enter")
        await stage.sees("something about apples.")
        await library.sources.remove(library.admin, source.id)
        await stage.until(lambda: "apples" not in stage.text, "gone")
        await stage.sees("Other", "queued")
        assert (screen.opened_document, screen.opened, screen.trail) == (None, False, "")


async def test_what_is_read_stays_when_the_terminal_is_another(library: Library, tmp_path: Path) -> None:
    await folder(library, tmp_path, "apples")
    async with library.running(WIDE) as stage:
        screen = await inside(stage, "About apples")
        await stage.press("enter")
        await stage.sees("something about apples.", "2 Gaps")
        await stage.pilot.resize_terminal(*NARROW)
        await stage.sees("Knowledge · About apples", "something about apples.")
        assert screen.source_pane.passages.has_focus
        await stage.pilot.resize_terminal(*WIDE)
        await stage.sees("Docs", "2 Gaps", "something about apples.")
        await stage.press("escape", "escape")
        assert screen.rows.has_focus


async def test_the_passage_at_the_top_stays_there(library: Library, tmp_path: Path) -> None:
    source = await folder(library, tmp_path, "apples")
    await library.long_document(source.id, 200)
    async with library.running(WIDE) as stage:
        screen = await inside(stage, "A long one")
        await stage.press("enter")
        await stage.sees("words of passage 1.")
        await stage.press("pagedown", "j", "j", "j")
        await stage.quiet()
        passages = screen.source_pane.passages
        top = passages.visible_keys()[0]
        assert top != "head"
        for wide in (NARROW, WIDE, (60, 18), NARROW):
            await stage.pilot.resize_terminal(*wide)
            await stage.until(lambda width=wide: stage.app.size == width, "resized")
            await stage.quiet()
            assert passages.visible_keys()[0] == top


async def test_two_clicks_open_a_document(library: Library, tmp_path: Path) -> None:
    await folder(library, tmp_path, "apples", "bread")
    async with library.running(WIDE) as stage:
        screen = await opened(stage, "Docs", "About bread")
        await stage.pilot.click("#documents", offset=(20, 2), times=2)
        await stage.sees("something about bread.")
        assert screen.opened_document is not None
        assert screen.opened_document.uri == "bread.md"


async def test_beside_the_sources_there_is_one_cursor(library: Library, tmp_path: Path) -> None:
    await folder(library, tmp_path, "apples")
    async with library.running(WIDE) as stage:
        await opened(stage, "Docs", "About apples")
        assert stage.text.count("▌") == 2
        await stage.press("enter")
        await stage.until(lambda: stage.text.count("▌") == 4, "the cursor among the documents")


async def test_hostile_words_are_shown_as_they_are(library: Library, size: tuple[int, int], tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text(
        f"# {MARKUP}\n\n{MARKUP} \x1b]0;t\x07 \u202e words\n\n```\n\ttab{' and words' * 100}\n```\n"
    )
    await folder(library, tmp_path)
    async with library.running(size) as stage:
        await inside(stage, "[@click=app.leave]x[/]")
        await stage.press("enter")
        await stage.sees(f"1  {MARKUP}", f"{MARKUP} ␛]0;t␇ ⟨U+202E⟩ words", "tab")
        await stage.press("c")
        assert not stage.app._exit


def test_the_help_tells_of_both() -> None:
    assert "document" in BY_ID["list.open"].help
    assert "address" in BY_ID["list.copy"].help


async def test_without_tints_a_line_tells_where_the_documents_begin(library: Library, tmp_path: Path) -> None:
    await folder(library, tmp_path, "apples")
    async with running(library.desk.console(theme=ANSI.name), WIDE) as stage:
        await inside(stage, "About apples")
        await stage.sees("│ Docs", "│▌  ready   About apples")
        await stage.press("enter")
        await stage.sees("│ About apples", "│ 1  About apples > Part 0")
