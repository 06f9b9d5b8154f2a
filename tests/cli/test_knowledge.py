"""Sources, search and questions from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from console.db.embedded.server import EmbeddedServer
from console.db.migrate import migrate
from console.ids import new_id
from tests.cli.office import refusal
from tests.cli.test_identity import PASSWORD, Site
from tests.web import a_site, response

ARTICLES = {
    "returns.md": "# Returns\n\nUnworn items can be returned within 30 days of delivery.\n",
    "shipping.html": "<h1>Shipping</h1><p>Standard shipping takes three to five days.</p>",
    "hours.txt": "Opening hours\n\nOur phone line is open from nine to five on weekdays.\n",
}


@pytest.fixture(scope="module")
def shop(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Site:
    name = f"knowledge_{new_id().hex[-12:]}"
    urls = server.create_database(name)
    migrate(urls.owner)
    site = Site(urls, tmp_path_factory.mktemp("homes"))
    words = ("init", "--name", "Acme Shop", "--email", "olivia@acme.test", "--owner", "Olivia Marsh", "--agent", "Help")
    site.json("olivia", *words, CONSOLE_PASSWORD=PASSWORD)
    docs = site.folder / "docs"
    docs.mkdir()
    for file, text in ARTICLES.items():
        (docs / file).write_text(text, encoding="utf-8")
    (docs / "broken.md").write_bytes(bytes(range(256)))
    (docs / "photo.jpg").write_bytes(b"\xff\xd8")
    return site


@pytest.fixture(scope="module")
def source(shop: Site) -> dict[str, Any]:
    """A folder added and read, by the command itself since no worker runs."""
    added = shop.json("olivia", "source", "add", "folder", str(shop.folder / "docs"), "--name", "Help pages", "--wait")
    assert isinstance(added, dict)
    return added


def test_adding_waits_and_tells_where_it_stands(shop: Site, source: dict[str, Any]) -> None:
    assert source["source"]["status"] == "ready"
    assert (source["source"]["documents"], source["source"]["failing"]) == (4, 1)
    assert source["run"]["skipped"] == [["photo.jpg", "no text, Markdown, HTML, PDF or Word file"]]
    done = shop.call("olivia", "source", "list")
    assert "Help pages" in done.stdout
    assert "1 of 4 documents can't be read" in done.stdout
    shown = shop.call("olivia", "source", "show", "Help pages")
    assert "broken.md is no text file" in shown.stdout
    assert "skipped photo.jpg: no text, Markdown, HTML, PDF or Word file" in shown.stderr


def test_a_second_sync_finds_all_unchanged(shop: Site, source: dict[str, Any]) -> None:
    synced = shop.json("olivia", "source", "sync", source["source"]["id"], "--wait")
    assert (synced["run"]["unchanged"], synced["run"]["chunks"], synced["run"]["failed"]) == (3, 0, 1)


def test_search_has_the_promised_shape(shop: Site, source: dict[str, Any]) -> None:
    found = shop.json("olivia", "search", "--agent", "help", "send unworn items back")
    assert set(found) >= {"results", "ms"}
    best = found["results"][0]
    assert set(best) >= {"rank", "uri", "title", "chunk_id", "text", "score", "dense_rank", "text_rank"}
    assert (best["rank"], best["uri"], best["title"]) == (1, "returns.md", "Returns")
    worst = found["results"][-1]
    asked = ("search", "--agent", "help", "unworn items", "--limit", "1")
    why = shop.json("olivia", *asked, "--explain", worst["chunk_id"])
    assert not why["found"]
    assert why["reason"].startswith("ranked ")
    assert "returns.md" in shop.call("olivia", *asked).stdout


def test_ask_has_the_promised_shape(shop: Site, source: dict[str, Any]) -> None:
    asked = shop.json("olivia", "ask", "--agent", "help", "within how many days can unworn items be returned?")
    assert asked.keys() >= {
        "answer", "kind", "citations", "confidence", "threshold", "gap_id", "run_id", "agent_version", "model",
        "tokens_in", "tokens_out", "cost_usd", "ms",
    }  # fmt: skip
    assert (asked["kind"], asked["agent_version"], asked["gap_id"]) == ("extractive", 1, None)
    (citation,) = asked["citations"]
    assert citation.keys() >= {"uri", "title", "chunk_id", "quote"}
    assert citation["quote"] == "Unworn items can be returned within 30 days of delivery."
    assert asked["confidence"] >= asked["threshold"]
    shown = shop.call("olivia", "ask", "--agent", "help", "within how many days can unworn items be returned?")
    assert "This is a try: nothing was passed on" in shown.stderr
    unknown = shop.json("olivia", "ask", "--agent", "help", "which brakes are best for a mountain bike in snow?")
    assert (unknown["kind"], unknown["reason"], unknown["citations"]) == ("handoff", "missing_knowledge", [])


def test_what_goes_wrong_is_one_line_and_a_code(shop: Site, source: dict[str, Any]) -> None:
    docs = str(shop.folder / "docs")
    assert "is a source already" in shop.refusal(5, "olivia", "source", "add", "folder", docs)
    assert "there is no folder" in shop.refusal(5, "olivia", "source", "add", "folder", f"{docs}/nowhere")
    assert "is no file" in shop.refusal(1, "olivia", "source", "add", "file", docs)
    assert "invalid choice" in shop.refusal(2, "olivia", "source", "add", "ftp", docs)
    assert "there is no agent" in shop.refusal(5, "olivia", "search", "--agent", "nobody", "x")
    assert "there is no agent" in shop.refusal(5, "olivia", "ask", "--agent", "nobody", "x")
    assert "an empty question" in shop.refusal(1, "olivia", "ask", "--agent", "help", " ")
    assert "no chunk id" in shop.refusal(2, "olivia", "search", "--agent", "help", "x", "--explain", "7")
    assert "there is no source" in shop.refusal(5, "olivia", "source", "remove", "nothing", "--yes")
    assert "no terminal to ask on" in shop.refusal(2, "olivia", "source", "remove", "Help pages")


def test_a_file_that_is_no_text_is_refused_with_its_reason(shop: Site) -> None:
    done = shop.call("olivia", "source", "add", "file", str(shop.folder / "docs" / "broken.md"), "--wait", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "broken.md is no text file" in done.stderr


def test_hostile_names_reach_no_terminal(shop: Site, tmp_path: Path) -> None:
    (tmp_path / "\x1b]52;c;aGk=\x07.md").write_text("# \x1b[31mred\n\nSome words about nothing.\n")
    added = shop.call("olivia", "source", "add", "folder", str(tmp_path), "--name", "\x1b]0;owned\x07", "--wait")
    listed = shop.call("olivia", "source", "list")
    shown = shop.call("olivia", "source", "show", "\u241b]0;owned\u2407")
    for done in (added, listed, shown):
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout + done.stderr


async def test_a_page_of_the_web_from_adding_to_removing(shop: Site) -> None:
    """Each verb of a source, on a page that a server of this machine has, once its operator allows that."""
    async with a_site() as site:
        site.page("/returns", "<title>Returns</title><p>Zebras can be returned on Sundays.</p>", etag='"1"')
        words = ("source", "add", "url", site.url("/returns"), "--name", "Web page")
        told = await asyncio.to_thread(shop.refusal, 1, "olivia", *words)
        assert "is at a private address" in told
        allowed = {"CONSOLE_FETCH_PRIVATE": site.allowed}

        async def done(*words: str) -> CompletedProcess[str]:
            return await asyncio.to_thread(shop.call, "olivia", "source", *words, **allowed)

        added = await done("add", "url", site.url("/returns"), "--name", "Web page", "--wait", "--json")
        assert json.loads(added.stdout)["source"]["status"] == "ready"
        found = await asyncio.to_thread(shop.json, "olivia", "search", "--agent", "help", "zebras on sundays")
        assert found["results"][0]["uri"] == site.url("/returns")
        site.answers["/returns"] = response(304, b"", "")
        synced = await done("sync", "Web page", "--wait")
        assert "1 unchanged" in (await done("show", "Web page")).stderr, synced.stderr
        assert "nothing of Web page has failed" in (await done("retry", "Web page")).stderr
        assert "stay searchable" in (await done("pause", "Web page")).stderr
        refused = await done("sync", "Web page")
        assert (refused.returncode, "is paused" in refused.stderr) == (1, True)
        assert "paused" in (await done("list")).stdout
        site.answers["/returns"] = response(404, b"")
        resumed = await done("resume", "Web page", "--wait")
        assert (resumed.returncode, "the page is gone" in resumed.stdout) == (1, True)
        shown = await done("show", "Web page")
        assert "removed" in shown.stdout
        assert (await done("remove", "Web page", "--yes", "--json")).returncode == 0


def test_files_may_be_kept_to_folders_that_the_operator_names(shop: Site, tmp_path: Path) -> None:
    """Whoever adds a source is a tenant's admin; the files are those of the worker's machine."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "page.md").write_text("# Secrets\n\nOf this machine.")
    (inside / "link.md").symlink_to(outside / "page.md")
    kept = {"CONSOLE_SOURCE_FOLDERS": f"/nowhere:{inside}"}
    for words in (
        ("folder", str(outside)), ("file", str(outside / "page.md")), ("file", str(inside / "link.md")),
        ("file", str(inside / ".." / "out" / "page.md")), ("folder", "/"), ("file", str(outside / "none.md")),
    ):  # fmt: skip
        assert "is not in a folder" in refusal(1, shop.call("olivia", "source", "add", *words, **kept))
    done = shop.call("olivia", "source", "add", "folder", str(inside), "--wait", "--json", **kept)
    assert json.loads(done.stdout)["source"]["documents"] == 1
    wrong = shop.call("olivia", "source", "list", CONSOLE_SOURCE_FOLDERS="pages")
    assert (wrong.returncode, "folders from the root on" in wrong.stderr) == (2, True)


def test_an_address_that_is_refused_is_one_line(shop: Site, source: dict[str, Any]) -> None:
    add = ("olivia", "source", "add", "url")
    assert "is at a private address" in shop.refusal(1, *add, "http://127.0.0.1/")
    assert "is at a private address" in shop.refusal(1, *add, "http://169.254.169.254/latest/meta-data/")
    assert "is no web address" in shop.refusal(1, *add, "file:///etc/passwd")
    assert "is no address of a host" in shop.refusal(1, *add, "http://0x7f.1/")
    assert "is not known" in shop.refusal(1, *add, "http://no-such-host.invalid/")
    assert "is not paused" in shop.refusal(1, "olivia", "source", "resume", "Help pages")
    setting = shop.call(*add, "http://10.0.0.1/", CONSOLE_FETCH_PRIVATE="http://10.0.0.1")
    assert (setting.returncode, "CONSOLE_FETCH_PRIVATE is like" in setting.stderr) == (2, True)
