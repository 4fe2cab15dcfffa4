"""Processes and threads that want the same library, and one that clears the cache meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ember_infer_native import cache_entries, file_lock
from ember_infer_native.cache import LibraryCache
from tests.native.cache.builders import CONTENT, ONE_PROCESS, Builder, names, refuse, run


def test_processes_at_the_same_time_build_once(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    processes = [run(ONE_PROCESS, str(folder), str(log)) for _ in range(3)]
    printed = {process.communicate()[0] for process in processes}
    assert {process.returncode for process in processes} == {0}
    assert len(printed) == 1
    assert log.read_text() == "built\n"
    assert names(folder) == ["#.json", "#.so"]


def test_threads_at_the_same_time_build_once(folder: Path) -> None:
    builder = Builder()
    start = threading.Barrier(8)
    paths: list[Path] = []

    def ask() -> None:
        start.wait()
        paths.append(LibraryCache(folder).library("key", builder))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builder.count == 1
    assert len(paths) == 8
    assert len(set(paths)) == 1


def build_while_another_builds(folder: Path) -> None:
    """Two builds of one library, the second within the first: both take place."""
    second = Builder()

    def build(path: Path) -> None:
        LibraryCache(folder).library("key", second)
        path.write_bytes(CONTENT)

    assert LibraryCache(folder).library("key", build).read_bytes() == CONTENT
    assert second.count == 1


def test_without_locks_both_build_and_both_succeed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "fcntl", None)
    build_while_another_builds(folder)
    assert LibraryCache(folder).library("key", refuse).read_bytes() == CONTENT
    assert LibraryCache(folder).clear() > len(CONTENT)
    assert names(folder) == []


def test_a_suspended_builder_does_not_stop_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_entries, "_PATIENCE_SECONDS", 0.1)
    build_while_another_builds(folder)


def test_clear_leaves_a_build_alone(folder: Path) -> None:
    kept = LibraryCache(folder)
    kept.library("other", Builder())

    def build(path: Path) -> None:
        assert kept.clear() > len(CONTENT)
        path.write_bytes(CONTENT)

    assert kept.library("key", build).read_bytes() == CONTENT
    assert len(kept.entries()) == 1
