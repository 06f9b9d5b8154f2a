"""PDF and Word files: what they say, and what is said of those that can't be read."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import zipfile
import zlib
from pathlib import Path

import pytest

from console.errors import ConsoleError, RefusedError
from console.knowledge import apart
from console.knowledge.extract import Block, read
from console.knowledge.media import DOCX, PDF
from tests.papers import W, docx, encrypted_pdf, paragraph, pdf, table, zipped

LONG = "Unworn items can be returned within thirty days of their delivery, and the money goes back to the card they"


async def refused(data: bytes, name: str = "x.pdf") -> str:
    with pytest.raises(ConsoleError) as error:
        await read(data, name=name)
    assert "\n" not in error.value.message
    return error.value.message


async def test_a_pdf_tells_its_pages() -> None:
    found = await read(
        pdf([["Returns", LONG, "were paid with."], ["Second page.", "- one", "- two"]], "Our rules"), name="r.pdf"
    )
    assert found.title == "Our rules"
    assert found.blocks == (
        Block(("Page 1",), "Returns"),
        Block(("Page 1",), f"{LONG} were paid with."),
        Block(("Page 2",), "Second page."),
        Block(("Page 2",), "- one"),
        Block(("Page 2",), "- two"),
    )


async def test_a_word_that_a_line_breaks_is_whole_again() -> None:
    found = await read(pdf([[LONG + " were char-", "ged to. A well-known", "case."]]), name="r.pdf")
    assert "were charged to." in found.blocks[0].text


async def test_what_a_server_says_goes_before_the_name() -> None:
    found = await read(pdf([["Some words here."]]), name="download", media_type=f"{PDF}; x=y")
    assert found.blocks[0].text == "Some words here."
    assert (await read(b"<p>A page", name="x.pdf", media_type="text/html")).blocks[0].text == "A page"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello", "x.pdf is no PDF"),
        (b"", "x.pdf is no PDF"),
        (b"%PDF-1.4\ngarbage", "is no PDF that can be read: it is broken"),
        (b"%PDF-1.7\n" + hashlib.shake_128(b"7").digest(5000), "is no PDF that can be read: it is broken"),
        (pdf([[]]), "holds no text: its pages are pictures"),
        (pdf([]), "holds no pages"),
        (encrypted_pdf("pass"), "is encrypted: it can't be read without its password"),
    ],
)
async def test_a_pdf_that_can_not_be_read_says_why(data: bytes, why: str) -> None:
    assert why in await refused(data)


async def test_a_pdf_that_only_its_owner_may_change_is_read() -> None:
    assert (await read(encrypted_pdf(""), name="x.pdf")).blocks[0].text == "The secret of the house."


async def test_five_thousand_pages_are_too_many() -> None:
    assert await refused(pdf([["x"]] * 5000)) == "x.pdf has 5,000 pages, the limit is 2,000"


async def test_a_pdf_whose_pages_lead_to_themselves() -> None:
    looped = pdf([["x"]]).replace(b"/Kids[6 0 R]", b"/Kids[2 0 R]")
    assert await refused(looped)


async def test_a_pdf_bomb_stays_within_its_process() -> None:
    packed = zlib.compress(zlib.compress(bytes(400_000_000), 9), 9)
    stream = f"<</Length {len(packed)}/Filter[/FlateDecode/FlateDecode]>>\nstream\n".encode() + packed + b"\nendstream"
    plain = pdf([["x"]])
    start = plain.index(b"<</Length")
    bomb = plain[:start] + stream + plain[plain.index(b"endstream") + len("endstream") :]
    assert await refused(bomb)


async def test_a_word_file_tells_its_headings_lists_and_tables() -> None:
    data = docx(
        paragraph("Our rules", "Title"), paragraph("Welcome."), paragraph("Returns", "Heading2"),
        paragraph("Within 30 days."), paragraph("Unworn", item=True), paragraph("With its tag", item=True),
        table(("Zone", "Days"), ("EU", "2")), paragraph("Sizes", "berschrift3"), paragraph("S & M < L."),
        **{"word/styles.xml": f'<w:styles xmlns:w="{W}"><w:style w:styleId="berschrift3"><w:name w:val="heading 3"/>'
           "</w:style></w:styles>"},
    )  # fmt: skip
    found = await read(data, name="rules.docx")
    assert found.title == "Our rules"
    assert found.blocks == (
        Block((), "Welcome."),
        Block(("Returns",), "Within 30 days."),
        Block(("Returns",), "- Unworn\n- With its tag"),
        Block(("Returns",), "Zone | Days\nEU | 2"),
        Block(("Returns", "Sizes"), "S & M < L."),
    )
    assert (await read(docx(paragraph("Words."), title="The title"), name="r.docx")).title == "The title"


async def test_deleted_words_and_second_renderings_are_left_out() -> None:
    text = (
        "<w:p><w:r><w:t>Kept</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:br/><w:t>below"
        '</w:t></w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        "<mc:Choice><w:t> once</w:t></mc:Choice><mc:Fallback><w:t> twice</w:t></mc:Fallback></mc:AlternateContent>"
        "</w:p>"
    )
    assert (await read(docx(text), name="r.docx")).blocks[0].text == "Kept\nbelow once"


def xxe(target: str) -> bytes:
    declared = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{target}">]>'
    return docx("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", before=declared)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello", "is no Word file"),
        (zipped({"a.txt": b"x"}), "is no Word file"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "is an old Word file or encrypted"),
        (docx(paragraph("x"))[:-40], "is no Word file"),
        (docx("<w:p>"), "is no Word file"),
        (docx(), "holds no text"),
        (docx(paragraph("x"), before='<!DOCTYPE d [<!ENTITY l0 "ha">' + LAUGHS + "]>"), "declares a document type"),
        (xxe("file:///etc/passwd"), "declares a document type"),
        (zipped({"word/document.xml": bytes(300_000_000)}), "unpacks to more than 64 MB"),
        (docx("<w:x>" * 200_000 + "</w:x>" * 200_000), "is no Word file"),
    ],
)
async def test_a_word_file_that_can_not_be_read_says_why(data: bytes, why: str) -> None:
    assert why in await refused(data, "x.docx")


async def test_nothing_is_read_for_a_word_file_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("planted")
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for target in ((tmp_path / "secret.txt").as_uri(), f"http://127.0.0.1:{port}/x"):
        said = await refused(xxe(target), "x.docx")
        assert "planted" not in said
    server.close()
    assert asked == []


async def test_a_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="takes longer than"):
        await apart.read_apart(pdf([["x"]]), PDF, seconds=0.001)


async def test_a_reader_that_nobody_waits_for_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(tmp_path)!r}, 'pid.new').write_text(str(os.getpid()))\n"
        f"os.rename({str(tmp_path / 'pid.new')!r}, {str(tmp_path / 'pid')!r})\ntime.sleep(600)"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(apart, "_MODULE", "sleeper")
    reading = asyncio.create_task(apart.read_apart(b"", PDF))
    while not (tmp_path / "pid").exists():
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_a_reader_that_falls_over_is_told_from_a_bad_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_MODULE", "os.path_that_is_none")
    with pytest.raises(RefusedError, match="asks for too much, or is broken"):
        await apart.read_apart(pdf([["x"]]), PDF)


async def test_the_reader_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "spy.py").write_text("import json, os; print(json.dumps({'error': ' '.join(sorted(os.environ))}))")
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    monkeypatch.setenv("DATABASE_URL", "x")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(apart, "_MODULE", "spy")
    with pytest.raises(ConsoleError) as told:
        await apart.read_apart(b"", DOCX)
    assert set(told.value.message.split()) <= {*apart._KEPT, "LC_CTYPE"}


def test_the_archives_made_here_are_archives() -> None:
    assert zipfile.is_zipfile(io.BytesIO(docx(paragraph("x"))))
