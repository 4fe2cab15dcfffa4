"""What is damaged, half written or open to others is never loaded, and what dead processes left goes away."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ember_infer_core.errors import CompileError
from ember_infer_native.cache import LibraryCache
from tests.native.cache.builders import CONTENT, ONE_PROCESS, Builder, names, refuse, run
from tests.native.files import AS_ROOT, flip


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def open_to_the_group(path: Path) -> None:
    path.chmod(0o620)


def make_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def give_away(path: Path) -> None:
    os.chown(path, 12345, -1)


def make_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_it_endless(path: Path) -> None:
    os.truncate(path, 1 << 40)


def nest(path: Path) -> None:
    path.write_text("[" * 60_000)


DAMAGE = [truncate, flip, empty, open_to_the_group, make_a_link, make_a_fifo, make_it_endless, nest, Path.unlink]
DAMAGE += [pytest.param(give_away, marks=pytest.mark.skipif(not AS_ROOT, reason="only root gives files away"))]  # type: ignore[list-item]


@pytest.mark.parametrize("suffix", [".so", ".json"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_is_damaged_or_open_to_others_is_built_again(
    folder: Path, damage: Callable[[Path], None], suffix: str
) -> None:
    kept = LibraryCache(folder)
    path = kept.library("key", Builder())
    damage(path.with_suffix(suffix))
    builder = Builder()
    assert kept.library("key", builder) == path
    assert builder.count == 1
    assert path.read_bytes() == CONTENT
    assert kept.library("key", refuse) == path


@pytest.mark.parametrize("change", [{"size": "9000"}, {"size": None}, {"seconds": "long"}, {"surprise": 1}, []])
def test_a_record_of_another_form_is_no_record(folder: Path, change: object) -> None:
    kept = LibraryCache(folder)
    record = kept.library("key", Builder()).with_suffix(".json")
    told = json.loads(record.read_text())
    record.write_text(json.dumps({**told, **change} if isinstance(change, dict) else change))
    assert kept.entries() == []
    builder = Builder()
    kept.library("key", builder)
    assert builder.count == 1


def test_a_library_under_the_name_of_another_is_not_taken(folder: Path) -> None:
    kept = LibraryCache(folder)
    good, other = kept.library("good", Builder(b"good")), kept.library("other", Builder(b"other"))
    for suffix in (".so", ".json"):
        shutil.copy(other.with_suffix(suffix), good.with_suffix(suffix))
    assert kept.library("good", Builder(b"good")).read_bytes() == b"good"


def test_a_failed_build_leaves_nothing_and_may_be_tried_again(folder: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half of it")
        raise CompileError("no")

    kept = LibraryCache(folder)
    with pytest.raises(CompileError, match="no"):
        kept.library("key", fail)
    assert names(folder) == []
    assert kept.library("key", Builder()).read_bytes() == CONTENT


def test_what_a_killed_process_left_is_removed(folder: Path) -> None:
    code = ONE_PROCESS.replace("time.sleep(0.5)", "path.write_bytes(b'half'); import os; os.kill(os.getpid(), 9)")
    process = run(code, str(folder), os.devnull)
    process.communicate()
    assert process.returncode == -9
    assert any(name.startswith(".build-#-") for name in names(folder))
    kept = LibraryCache(folder)
    assert kept.library("key", Builder()).read_bytes() == CONTENT
    assert names(folder) == ["#.json", "#.so"]


def test_an_interrupted_build_lets_the_lock_go(folder: Path) -> None:
    def interrupt(path: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LibraryCache(folder).library("key", interrupt)
    assert LibraryCache(folder).library("key", Builder()).exists()
