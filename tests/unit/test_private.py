from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from console.errors import RefusedError
from console.paths import private_dir
from console.private import delete_private, read_private, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_written_for_the_owner_only_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "state" / "token"
    write_private(file, b"one")
    write_private(file, b"two")
    assert read_private(file) == b"two"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert [path.name for path in file.parent.iterdir()] == ["token"]


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    write_private(tmp_path / "state" / "token", b"x")
    assert mode(tmp_path / "state") == 0o700


@pytest.mark.parametrize("target", ["victim", "nothing"])
def test_a_symlink_is_refused_both_ways(tmp_path: Path, target: str) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    link = tmp_path / "token"
    link.symlink_to(tmp_path / target)
    with pytest.raises(RefusedError):
        write_private(link, b"secret")
    with pytest.raises(RefusedError, match="symlink"):
        read_private(link)
    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert not (tmp_path / "nothing").exists()
    assert delete_private(link)
    assert (tmp_path / "victim").exists()


def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token", 0o600)
    with pytest.raises(RefusedError, match="plain file"):
        read_private(tmp_path / "token")


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    write_private(file, b"x")
    file.chmod(0o644)
    with pytest.raises(RefusedError, match="others can read") as caught:
        read_private(file)
    assert caught.value.hint == f"chmod 600 {file}"


def test_nothing_there(tmp_path: Path) -> None:
    assert read_private(tmp_path / "none") is None
    assert not delete_private(tmp_path / "none")


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError, match="can't be used"):
        write_private(tmp_path / "file" / "state" / "token", b"x")


def test_folders_that_are_made_above_are_private_too(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    there.chmod(0o755)
    private_dir(there / "made" / "data")
    assert [mode(folder) for folder in (there, there / "made", there / "made" / "data")] == [0o755, 0o700, 0o700]
