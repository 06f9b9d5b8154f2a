from __future__ import annotations

from contextlib import suppress

import pytest

from console.errors import InvalidInputError
from console.knowledge.extract import Block, extract
from console.knowledge.media import MAX_TEXT_BYTES
from tests.effort import LINEAR, growth

MDX = """---
title: "Returns & refunds"
description: How to send things back
---
import { Note } from '/snippets/note.mdx'

{/* internal: rewrite */}
Intro with **bold**, a [link](https://example.com/x) and `<tag>` code.

<!-- hidden
comment -->
## Sizes

<Note>
Wrong size? Send it **back**.
</Note>

- First item
- Second item

| Size | Days |
|------|------|
| S    | 30   |

```bash
# not a heading
<Keep me/>
```

<Accordion title="Is it free?">
  Yes, within 30 days.
</Accordion>

After the accordion.

# Contact
Write to us.
"""

HTML = """<!doctype html><html><head><title>Help &amp; more</title><meta name="description" content="About help">
<style>p {}</style><script>alert('no')</script></head><body><nav><a href="/">Home</a></nav><main><h1>Shipping</h1>
<p>We ship <b>world</b>wide.</p><h2>Costs</h2><ul><li>Small: 3 &euro;</li><li>Large: 5 &euro;</li></ul>
<table><tr><th>Zone</th><th>Days</th></tr><tr><td>EU</td><td>2</td></tr></table><pre>a
  b</pre><script>evil()</script><form><button>Buy</button></form><div hidden>secret</div></main>
<footer>imprint</footer></body></html>"""


def test_mdx_keeps_the_words_and_drops_the_markup() -> None:
    found = extract(MDX.encode(), name="returns.mdx")
    assert (found.title, found.excerpt) == ("Returns & refunds", "How to send things back")
    assert found.blocks == (
        Block((), "Intro with bold, a link and <tag> code."),
        Block(("Sizes",), "Wrong size? Send it back."),
        Block(("Sizes",), "- First item\n- Second item"),
        Block(("Sizes",), "Size | Days\nS | 30"),
        Block(("Sizes",), "# not a heading\n<Keep me/>"),
        Block(("Sizes", "Is it free?"), "Yes, within 30 days."),
        Block(("Sizes",), "After the accordion."),
        Block(("Contact",), "Write to us."),
    )


def test_html_keeps_the_main_part_and_drops_scripts_forms_and_navigation() -> None:
    found = extract(HTML.encode(), name="page.html")
    assert (found.title, found.excerpt) == ("Help & more", "About help")
    assert found.blocks == (
        Block((), "We ship worldwide."),
        Block(("Costs",), "- Small: 3 €\n- Large: 5 €"),
        Block(("Costs",), "Zone | Days\nEU | 2"),
        Block(("Costs",), "a\n  b"),
    )


def test_html_of_no_suffix_is_known_by_its_beginning_or_media_type() -> None:
    assert extract(HTML.encode(), name="page").title == "Help & more"
    assert extract(b"<p>Hi there</p>", name="x", media_type="text/html; charset=utf-8").blocks[0].text == "Hi there"


def test_plain_text_joins_wrapped_lines_and_keeps_lists() -> None:
    wrapped = "This paragraph was wrapped by an editor at about sixty signs\nand goes on here.\n\n- one\n- two\n"
    found = extract(wrapped.encode(), name="notes.txt")
    assert [block.text for block in found.blocks] == [wrapped.partition("\n\n")[0].replace("\n", " "), "- one\n- two"]
    assert found.title == "notes"


@pytest.mark.parametrize(
    "data",
    [
        "Grüße".encode("utf-8-sig"),
        "Grüße".encode("utf-16"),
        "\ufeffGrüße".encode("utf-16-be"),
        "Grüße".encode("latin-1"),
    ],
)
def test_encodings(data: bytes) -> None:
    assert extract(data, name="a.txt").blocks[0].text == "Grüße"


def test_a_declared_charset_is_used() -> None:
    page = '<meta charset="windows-1251"><p>Привет</p>'
    assert extract(page.encode("cp1251"), name="a.html").blocks[0].text == "Привет"


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "empty.md", "holds no text"),
        (b"\xef\xbb\xbf", "bom.md", "holds no text"),
        (b" \n\t\n", "blank.txt", "holds no text"),
        (b"---\ntitle: x\n---\n", "front.md", "holds no text"),
        (b"<html><script>x</script></html>", "script.html", "holds no text"),
        (b"text\x00more", "nul.txt", "no text file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "logo.png", "no text file"),
        (b"\xff\xd8\xff\xe0" + bytes(range(1, 256)) * 4, "photo.md", "no text file"),
        (b"%PDF-1.7\n" + bytes(range(128, 256)) * 9, "paper.txt", "no text file"),
        (b"\xff\xfea", "odd.txt", "no text file"),
        (b"a" * (MAX_TEXT_BYTES + 1), "big.txt", "too large"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(data: bytes, name: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says) as caught:
        extract(data, name=name)
    assert caught.value.message.startswith(name)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("a.md", "["), ("a.mdx", '<A title="x '), ("a.md", "<!-- "), ("a.md", "a **b "), ("a.html", "<div>"),
        ("a.html", "<b>x"), ("a.txt", " "), ("a.md", "import '"), ("a.mdx", "``a `"),
    ],
)  # fmt: skip
def test_hostile_input_takes_no_more_than_moments(name: str, unit: str) -> None:
    def read(chars: int) -> None:
        with suppress(InvalidInputError):
            extract((unit * (chars // len(unit)) + "x").encode(), name=name)

    assert growth(read, 12_500) < LINEAR
