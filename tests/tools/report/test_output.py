"""The file: whole or not there, and nobody else's is replaced."""

from __future__ import annotations

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
        raise OSError("no room")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no room"):
        write_file(path, MARK + "new", force=True)
    assert os.listdir(tmp_path) == ["report.html"]
    assert path.read_text(encoding="utf-8").endswith("old")
