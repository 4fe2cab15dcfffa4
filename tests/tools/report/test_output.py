"""The file: whole or not there, and nobody else's is replaced."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ember_infer_tools.report.output import MARK, check_file, write_file


def test_a_file_is_written_for_whom_the_umask_allows(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    mask = os.umask(0o027)
    try:
        write_file(path, MARK + "…", force=False)
    finally:
        os.umask(mask)
    assert path.read_text(encoding="utf-8") == MARK + "…"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_report_is_replaced_only_if_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_file(path, MARK + "old", force=False)
    with pytest.raises(FileExistsError, match="--force"):
        write_file(path, MARK + "new", force=False)
    assert path.read_text(encoding="utf-8").endswith("old")
    write_file(path, MARK + "new", force=True)
    assert path.read_text(encoding="utf-8").endswith("new")


def test_standard_output_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="not to standard output: name one"):
        write_file(Path("-"), MARK, force=False)
    assert os.listdir(tmp_path) == []


def test_what_is_no_report_is_never_replaced(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(b"....TFL3")
    with pytest.raises(FileExistsError, match="left alone"):
        check_file(model, force=True)
    link = tmp_path / "link.html"
    write_file(tmp_path / "report.html", MARK, force=False)
    link.symlink_to(tmp_path / "report.html")
    with pytest.raises(FileExistsError, match="left alone"):
        check_file(link, force=True)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileExistsError, match="left alone"):
        check_file(tmp_path / "fifo", force=True)
    with pytest.raises(IsADirectoryError, match="name a file"):
        check_file(tmp_path, force=True)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make it first"):
        check_file(tmp_path / "nowhere" / "report.html", force=False)


def test_a_failure_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    write_file(path, MARK + "old", force=False)

    def fail(source: str, target: Path) -> None:
        raise OSError(errno.ENOSPC, "no room", source)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match=r"it cannot be written: no room: '.*/report.html'"):
        write_file(path, MARK + "new", force=True)
    assert os.listdir(tmp_path) == ["report.html"]
    assert path.read_text(encoding="utf-8").endswith("old")


def test_what_comes_in_at_the_last_moment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    link = os.link

    def overtaken(source: str, target: Path) -> None:
        path.write_text("mine")
        link(source, target)

    monkeypatch.setattr(os, "link", overtaken)
    with pytest.raises(FileExistsError, match="left alone"):
        write_file(path, MARK, force=False)
    assert os.listdir(tmp_path) == ["report.html"]
    assert path.read_text() == "mine"


def test_it_is_written_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: str, target: Path) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(os, "link", fail)
    write_file(tmp_path / "report.html", MARK, force=False)
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_name_that_is_too_long_is_told_by_that_name(tmp_path: Path) -> None:
    path = tmp_path / ("r" * 300)
    with pytest.raises(OSError, match=r"it cannot be written: File name too long: '.*rrr'"):
        write_file(path, MARK, force=False)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.chmod not in os.supports_fd, reason="permissions are set by name here")
def test_the_permissions_of_nobody_elses_file_are_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else can write in the folder may have put a link in the place of what is being written."""
    changed: list[object] = []
    monkeypatch.setattr(os, "chmod", lambda what, mode: changed.append(what))
    monkeypatch.setattr(os, "supports_fd", {os.chmod})
    write_file(tmp_path / "report.html", MARK, force=False)
    assert [type(what) for what in changed] == [int]
