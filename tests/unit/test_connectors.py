"""Files and folders of this machine as sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.errors import InvalidInputError, NotFoundError, RefusedError
from console.knowledge.connectors import connector, file, folder
from console.knowledge.connectors.fetched import Fetched


def fetched(place: Path) -> list[Fetched]:
    return list(folder.fetch(folder.check(str(place))))


def names(place: Path) -> list[str]:
    return [item.uri for item in fetched(place) if item.data is not None]


def skips(place: Path) -> dict[str, str]:
    return {item.uri: item.skipped for item in fetched(place) if item.skipped}


def test_files_come_in_the_order_of_their_names_by_their_path_below_the_folder(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", "sub/deep/z.html", "sub/c.md", "README"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert names(tmp_path) == ["README", "a.txt", "b.md", "sub/c.md", "sub/deep/z.html"]
    assert folder.count(folder.check(str(tmp_path))) == 5
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert names(moved) == ["README", "a.txt", "b.md", "sub/c.md", "sub/deep/z.html"]


def test_links_are_never_followed(tmp_path: Path) -> None:
    inside = tmp_path / "docs"
    inside.mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (inside / "out.md").symlink_to(tmp_path / "secret.md")
    (inside / "loop").symlink_to(inside)
    (inside / "up").symlink_to(tmp_path)
    assert names(inside) == []
    assert skips(inside) == {"loop": "a link", "out.md": "a link", "up": "a link"}


def test_what_is_left_out_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.md").write_text("x")
    (tmp_path / "logo.png").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.md")
    assert skips(tmp_path) == {
        ".git": "hidden",
        "logo.png": "no text, Markdown, HTML, PDF or Word file",
        "pipe.md": "not a regular file",
    }


def test_a_name_that_is_no_text_can_be_stored(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))).write_text("x")
    assert names(tmp_path) == ["caf\\xe9.md"]


def test_a_pipe_given_as_a_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(InvalidInputError, match="not a regular file"):
        file.check(str(tmp_path / "pipe.md"))
    with pytest.raises(RefusedError, match="no file"):
        list(file.fetch((tmp_path / "pipe.md").as_uri()))


def test_a_file_with_blanks_and_signs_in_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a b" / "50% off #1?.md"
    path.parent.mkdir()
    path.write_text("x")
    uri = file.check(str(path))
    assert uri.startswith("file:///")
    assert [item.name for item in file.fetch(uri)] == ["50% off #1?.md"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no folder"):
        folder.check(str(tmp_path / "nowhere"))
    with pytest.raises(InvalidInputError, match="can't be read"):
        file.check("a\x00b")
    with pytest.raises(InvalidInputError, match="no kind of source"):
        connector("ftp")
