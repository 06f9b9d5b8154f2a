"""The knowledge area: sources and how far each is, adding, retrying, pausing, removing, testing a search."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from console.ai.embedder import Vectors
from console.errors import ConflictError
from tests.services.knowledge_support import HashEmbedder, write_articles
from tests.tui.support.desk import Desk
from tests.tui.support.library import Library, opened
from tests.web import a_site, response

MARKUP = "[@click=app.leave]x[/] [/ [$x] x[/b"
PAGE = "<title>Returns</title><main><h2>Sizes</h2><p>Unworn items can be returned within thirty days.</p></main>"


@pytest.fixture
async def library(desk: Desk) -> AsyncIterator[Library]:
    async with a_site() as site:
        site.page("/returns", PAGE)
        yield Library(desk, site)


class _Held(HashEmbedder):
    """Embeds when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.begun.set()
        assert self.go.wait(60)
        return super().embed(texts)


async def test_nothing_yet_and_the_next_key(library: Library, size: tuple[int, int]) -> None:
    async with library.running(size) as stage:
        await opened(stage, "No knowledge yet.", "+ adds a page, a file or a folder")
    async with library.running(size, library.desk.people.viewer) as stage:
        await opened(stage, "No knowledge yet.", "an admin adds sources with +")


async def test_a_page_is_added_and_read_before_ones_eyes(library: Library, size: tuple[int, int]) -> None:
    async with library.running(size) as stage:
        await opened(stage, "No knowledge yet.")
        await stage.press("plus")
        await stage.sees("Add a source", "[web page]")
        await stage.enter("http://10.0.0.1/returns")
        await stage.sees("the host 10.0.0.1 is at a private address", "http://10.0.0.1/returns")
        await stage.press("ctrl+u")
        await stage.type(library.site.url("/returns"))
        await stage.press("tab")
        await stage.enter("Return rules")
        await stage.sees("queued", "Return rules", "waits for a worker")
        (source,) = await library.sources.list(library.admin)
        await library.read(source)
        await stage.sees("ready", "1 document, 1 passage")
        await stage.press("enter")
        await stage.sees("Returns", "last run complete", "1 read", library.site.url("/returns")[:30])


async def test_what_was_typed_is_there_the_next_time(library: Library, size: tuple[int, int]) -> None:
    async with library.running(size) as stage:
        await opened(stage, "No knowledge yet.")
        await stage.press("plus")
        await stage.sees("Add a source")
        await stage.type("/srv/doc")
        await stage.sees("[folder]")
        await stage.press("up")
        await stage.sees("[file]")
        await stage.press("escape", "plus")
        await stage.sees("/srv/doc", "[file]")
        await stage.press("enter")
        await stage.sees("there is no file /srv/doc")


async def test_counts_move_while_a_source_is_read(library: Library, size: tuple[int, int], tmp_path: Path) -> None:
    write_articles(tmp_path, ["apples", "bread", "cheese"])
    source = await library.sources.add(library.admin, "folder", str(tmp_path), name="Docs")
    embedder = _Held()
    async with library.running(size) as stage:
        await opened(stage, "queued", "waits for a worker")
        stage.app.run_worker(library.read(source, embedder), group="the worker", exit_on_error=False)
        await stage.sees("reading 0 of 3", "[------------]")
        await stage.press("s")
        await stage.until(lambda: "is under way since" in stage.toasts, "told")
        embedder.go.set()
        await stage.sees("ready", "3 documents", "1 source")


async def test_a_page_counts_its_passages(library: Library, size: tuple[int, int]) -> None:
    words = "".join(f"<h2>Part {n}</h2><p>{f'Words of part {n}. ' * 60}</p>" for n in range(30))
    library.site.page("/long", f"<main>{words}</main>")
    source = await library.sources.add(library.admin, "url", library.site.url("/long"))
    embedder = _Held()
    async with library.running(size) as stage:
        await opened(stage, "queued")
        stage.app.run_worker(library.read(source, embedder), group="the worker", exit_on_error=False)
        await stage.until(embedder.begun.is_set, "embedding")
        embedder.go.set()
        await stage.sees("ready", "1 document")
        assert stage.app.is_running


async def test_what_failed_says_why_and_is_tried_again(library: Library, size: tuple[int, int]) -> None:
    site = library.site
    source = await library.added()
    site.answers["/returns"] = response(503, b"")
    await library.sources.sync(library.admin, source.id)
    await library.read(source)
    async with library.running(size) as stage:
        await opened(stage, "! failed", "answers 503", "1 failing")
        await stage.press("enter")
        await stage.sees("! failed", "127.0.0.1 answers 503 Service Unavailable", "1 passage")
        site.page("/returns", PAGE.replace("thirty", "forty"))
        await stage.press("r")
        await stage.sees("queued")
        await library.read(source)
        await stage.sees("ready")
        assert stage.app.screen.check_action("source_retry", ()) is False


async def test_paused_resumed_and_removed(library: Library, size: tuple[int, int]) -> None:
    source = await library.added()
    async with library.running(size) as stage:
        await opened(stage, "ready", "p pause")
        await stage.press("p")
        await stage.sees("= paused", "1 passage still searched", "p resume")
        assert stage.app.screen.check_action("source_sync", ()) is False
        await stage.press("p")
        await stage.sees("queued")
        await library.read(source)
        await stage.sees("ready")
        await stage.press("x")
        await stage.sees("Remove returns?", "1 documents and 1 passages leave the search")
        await stage.press("n")
        await stage.sees("ready")
        assert await library.sources.list(library.admin)
        await stage.press("x")
        await stage.sees("Remove returns?")
        await stage.press("y")
        await stage.sees("No knowledge yet.")
        assert await library.sources.list(library.admin) == ()


async def test_what_only_admins_may_do_is_grey_for_others(library: Library, size: tuple[int, int]) -> None:
    await library.added()
    async with library.running(size, library.desk.people.member) as stage:
        screen = await opened(stage, "ready")
        for action in ("source_sync", "source_add", "source_pause", "source_remove"):
            assert screen.check_action(action, ()) is None
        await stage.press("s", "plus", "p", "x")
        await stage.press("f")
        await stage.sees("Test a search as")
    (source,) = await library.sources.list(library.admin)
    assert source.progress is None


async def test_a_search_shows_passages_with_their_ranks(library: Library, size: tuple[int, int]) -> None:
    await library.added()
    async with library.running(size) as stage:
        await opened(stage, "ready")
        await stage.press("f")
        await stage.sees("Test a search as", "[Assistant]")
        await stage.enter("return unworn items")
        await stage.sees("1 passage in", "dense 1  text 1", "Returns", "thirty days")
        await stage.press("ctrl+u")
        await stage.enter(MARKUP)
        await stage.sees("1 passage in")
        await stage.press("escape")
        await stage.sees("ready")


async def test_hostile_words_are_shown_as_they_are(library: Library, size: tuple[int, int], tmp_path: Path) -> None:
    words = f"{MARKUP} \x1b]0;t\x07 \u202e{' and words' * 100}"
    library.site.page("/bad", f"<title>{MARKUP}</title><main><h2>{MARKUP}</h2><p>{words}</p></main>")
    (tmp_path / f"{MARKUP.replace('/', '|')}\x1b]52;c;aGk=\x07.md").write_text(MARKUP)
    (tmp_path / "\u202ebad.md").write_bytes(bytes(range(256)))
    source = await library.sources.add(library.admin, "url", library.site.url("/bad"), name=f"{MARKUP}\x1b[2J\u202e")
    await library.read(source)
    await library.read(await library.sources.add(library.admin, "folder", str(tmp_path), name="\x9b31mfolder"))
    async with library.running(size) as stage:
        await opened(stage, "[@click=app.leave]x[/] [/")
        await stage.press("enter")
        await stage.sees(f"{MARKUP}␛[2J")
        await stage.press("escape", "j", "enter")
        await stage.sees("⟨U+009B⟩31mfolder", "is no text file", "⟨U+202E⟩bad.md")
        await stage.press("escape", "f")
        await stage.sees("Test a search as")
        await stage.enter("x b")
        await stage.sees("passages in", "[@click=app.leave]x[/]", "␛]0;t␇ ⟨U+202E⟩")
        await stage.press("escape", "x")
        await stage.sees("Remove ⟨U+009B⟩31mfolder?")
        assert not stage.app._exit


async def test_a_source_that_somebody_else_added_first(library: Library, size: tuple[int, int]) -> None:
    await library.added()
    async with library.running(size) as stage:
        await opened(stage, "ready")
        await stage.press("plus")
        await stage.sees("Add a source")
        await stage.enter(library.site.url("/returns"))
        await stage.sees("that url is a source already")
        with pytest.raises(ConflictError):
            await library.added()
