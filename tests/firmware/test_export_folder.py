"""The folder of an export: whole or not at all, and nobody else's is touched."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ember_infer_firmware.folder import MANIFEST, check_target, write_folder

FILES = {"README.md": "first\n", "src/model.c": "int a;\n"}


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def write(folder: Path, files: dict[str, str] = FILES, force: bool = False) -> None:
    write_folder(folder, files, {"name": "model"}, force=force)


@pytest.mark.parametrize("name", ["new", "with blanks in it", "deep/below/others"])
def test_a_new_folder_is_written(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    assert contents(tmp_path / name) == FILES
    manifest = json.loads((tmp_path / name / MANIFEST).read_text())
    assert manifest["files"] == {path: hashlib.sha256(text.encode()).hexdigest() for path, text in FILES.items()}
    assert manifest["name"] == "model"


def test_a_relative_path_counts_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("here"))
    assert contents(tmp_path / "here") == FILES


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty")
    assert contents(tmp_path / "empty") == FILES


def test_others_can_read_it_as_they_can_what_is_made_otherwise(tmp_path: Path) -> None:
    write(tmp_path / "new")
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_export_is_replaced_as_a_whole_and_only_by_force(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write(folder)
    with pytest.raises(FileExistsError, match=r"--force \(force=True\) replaces it"):
        write(folder, {"other.c": "int b;\n"})
    assert contents(folder) == FILES
    write(folder, {"other.c": "int b;\n"}, force=True)
    assert contents(folder) == {"other.c": "int b;\n"}
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_link_to_an_export_stays_a_link(tmp_path: Path) -> None:
    write(tmp_path / "export")
    (tmp_path / "link").symlink_to("export")
    write(tmp_path / "link", {"other.c": "int b;\n"}, force=True)
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "export") == {"other.c": "int b;\n"}


def test_folders_of_others_are_left_alone_even_by_force(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine\n")
    (tmp_path / MANIFEST).write_text('{"format": "something else", "files": ["mine.txt"]}')
    for manifest in ('{"format": "something else"}', "[]", "no JSON", '{"format": "ember-infer export 1"}'):
        (tmp_path / MANIFEST).write_text(manifest)
        with pytest.raises(OSError, match="it holds other things than an export, and is left alone"):
            write(tmp_path, force=True)
    assert contents(tmp_path) == {"mine.txt": "mine\n"}


@pytest.mark.parametrize("added", ["notes.txt", "src/patch.c", "build/program"])
def test_an_export_with_files_of_others_is_left_alone(added: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write(folder)
    (folder / added).parent.mkdir(exist_ok=True)
    (folder / added).write_text("mine\n")
    with pytest.raises(OSError, match=f"it holds {added}, which no export made"):
        write(folder, {"other.c": "int b;\n"}, force=True)
    assert contents(folder) == {**FILES, added: "mine\n"}


def test_an_empty_folder_of_others_is_theirs_too(tmp_path: Path) -> None:
    write(tmp_path / "export")
    (tmp_path / "export" / "mine" / "empty").mkdir(parents=True)
    with pytest.raises(OSError, match="it holds mine/empty, which no export made"):
        write(tmp_path / "export", force=True)
    assert (tmp_path / "export" / "mine" / "empty").is_dir()


def test_links_in_an_export_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "export")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "model.c").write_text("mine\n")
    shutil.rmtree(tmp_path / "export" / "src")
    (tmp_path / "export" / "src").symlink_to("../outside")
    with pytest.raises(OSError, match="it holds src, which no export made"):
        write(tmp_path / "export", force=True)
    (tmp_path / "export" / "src").unlink()
    (tmp_path / "export" / "README.md").unlink()
    (tmp_path / "export" / "README.md").symlink_to("../outside/model.c")  # as a file that an export made is called
    with pytest.raises(OSError, match=r"it holds README.md, edited since an export made it"):
        write(tmp_path / "export", force=True)
    (tmp_path / "export" / "README.md").unlink()
    write(tmp_path / "export", force=True)
    assert contents(tmp_path) == {"outside/model.c": "mine\n", **{f"export/{path}": FILES[path] for path in FILES}}


def test_an_edited_file_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write(folder)
    (folder / "src" / "model.c").write_text("int b;\n")
    with pytest.raises(OSError, match=r"it holds src/model.c, edited since an export made it, and is left alone"):
        write(folder, force=True)
    assert contents(folder) == {**FILES, "src/model.c": "int b;\n"}
    (folder / "src" / "model.c").unlink()
    write(folder, force=True)
    assert contents(folder) == FILES


def test_what_a_file_manager_leaves_in_a_folder_is_in_nobodys_way(tmp_path: Path) -> None:
    write(tmp_path / "export")
    (tmp_path / "export" / "src" / ".DS_Store").write_text("where windows were")
    write(tmp_path / "export", force=True)
    assert contents(tmp_path / "export") == FILES


@pytest.mark.parametrize("below", ["src", "src/deeper", "new"])
def test_no_export_goes_into_another(below: str, tmp_path: Path) -> None:
    write(tmp_path / "export")
    with pytest.raises(FileExistsError, match="it lies in an export"):
        write(tmp_path / "export" / below, force=True)
    assert contents(tmp_path / "export") == FILES


def test_a_folder_of_many_others_is_refused_without_a_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.txt").touch()
    monkeypatch.setattr(os, "walk", None)
    with pytest.raises(OSError, match="it holds other things than an export"):
        check_target(tmp_path, force=True)


def test_where_nothing_can_be_made_the_folder_above_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root may write everywhere, the system's answer is staged."""

    def refuses(path: Any, mode: int) -> None:
        raise PermissionError(13, "Permission denied", os.fspath(path))

    monkeypatch.setattr(os, "mkdir", refuses)
    with pytest.raises(PermissionError) as caught:
        write(tmp_path / "export")
    assert caught.value.filename == str(tmp_path)
    assert caught.value.strerror == "nothing can be made in it: Permission denied"


def test_a_folder_that_may_not_be_read_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it holds is not ours. As root may read everything, the system's answer is staged."""
    write(tmp_path / "export")
    (tmp_path / "export" / "private").mkdir()
    (tmp_path / "export" / "private" / "mine.txt").write_text("mine\n")
    scandir = os.scandir

    def refuses_private_ones(path: Any) -> Any:
        if os.path.basename(path) == "private":
            raise PermissionError(13, "no", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses_private_ones)
    with pytest.raises(PermissionError):
        write(tmp_path / "export", force=True)
    monkeypatch.undo()
    assert contents(tmp_path / "export") == {**FILES, "private/mine.txt": "mine\n"}


@pytest.mark.parametrize("manifest", ["fifo", "link", "deep", "long"])
def test_a_manifest_that_no_export_wrote_makes_nobody_wait(manifest: str, tmp_path: Path) -> None:
    path = tmp_path / MANIFEST
    if manifest == "fifo":
        os.mkfifo(path)
    elif manifest == "link":
        path.symlink_to("/dev/zero")
    else:
        path.write_text("[" * 100_000 if manifest == "deep" else '{"format": "ember-infer export 1"}' + " " * (1 << 20))
    with pytest.raises(OSError, match="it holds other things than an export"):
        write(tmp_path, force=True)


def test_what_lies_above_or_elsewhere_is_no_part_of_an_export(tmp_path: Path) -> None:
    """A manifest permits what is there to be replaced; it does not lead anywhere."""
    folder = tmp_path / "export"
    write(folder)
    (tmp_path / "x").write_text("mine\n")
    (folder / "y").write_text("mine\n")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"] |= dict.fromkeys(["../x", str(tmp_path / "x"), "src/../y"], hashlib.sha256(b"mine\n").hexdigest())
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(OSError, match="it holds y, which no export made"):
        write(folder, force=True)
    (folder / "y").unlink()
    write(folder, force=True)
    assert (tmp_path / "x").read_text() == "mine\n"


def test_a_file_that_comes_in_at_the_last_moment_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "export"
    write(folder)
    write_text = Path.write_text

    def writes_another(self: Path, *arguments: Any, **options: Any) -> int:
        (folder / "mine.txt").open("w").close()
        return write_text(self, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", writes_another)
    with pytest.raises(OSError, match=r"it holds mine.txt, which no export made"):
        write(folder, {"other.c": "int b;\n"}, force=True)
    assert contents(folder) == {**FILES, "mine.txt": ""}
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_an_export_whose_folders_are_read_only_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "export")
    (tmp_path / "export" / "src").chmod(0o500)
    write(tmp_path / "export", {"other.c": "int b;\n"}, force=True)
    assert contents(tmp_path / "export") == {"other.c": "int b;\n"}
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine\n")
    with pytest.raises(NotADirectoryError, match="it is no folder"):
        check_target(tmp_path / "file", force=True)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    too_long = "x" * 300
    with pytest.raises(OSError, match=too_long):
        write(tmp_path / "deep" / "new", {"README.md": "first\n", too_long: ""})
    assert not list(tmp_path.iterdir())
    write(tmp_path / "old")
    with pytest.raises(OSError, match=too_long):
        write(tmp_path / "old", {too_long: ""}, force=True)
    assert contents(tmp_path / "old") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("error", [PermissionError(13, "no"), KeyboardInterrupt()], ids=["refused", "Ctrl-C"])
def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "old")
    rename = Path.rename

    def refuses_the_new_one(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuses_the_new_one)
    with pytest.raises(type(error)):
        write(tmp_path / "old", {"other.c": "int b;\n"}, force=True)
    assert contents(tmp_path / "old") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_an_old_folder_that_cannot_come_back_is_kept_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "old")
    rename = Path.rename

    def makes_one_in_its_place(self: Path, target: Path) -> Path:
        if self.name == "new":
            target.mkdir()
            (target / "mine.txt").touch()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", makes_one_in_its_place)
    with pytest.raises(OSError, match="not empty"):
        write(tmp_path / "old", {"other.c": "int b;\n"}, force=True)
    (kept,) = tmp_path.glob(".ember-export-*/old")
    assert contents(kept) == FILES
    assert contents(tmp_path / "old") == {"mine.txt": ""}
