"""The ordinary life of a library in the cache: built once, found again, loaded, and gone for others in the end."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ember_infer_core.errors import CompileError
from ember_infer_native import cache as cache_module
from ember_infer_native.cache import LibraryCache, cache_key
from ember_infer_native.toolchain import build_library, find_compiler
from tests.native.cache.builders import CONTENT, Builder, names, refuse


def test_a_library_is_built_once_and_found_again(folder: Path) -> None:
    path = LibraryCache(folder).library("key", Builder(), model="digits", target="avx2", compiler="gcc 12.2.0")
    assert path.read_bytes() == CONTENT
    assert LibraryCache(folder).library("key", refuse) == path
    assert names(folder) == ["#.json", "#.so"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_other_keys_are_other_libraries(folder: Path) -> None:
    kept = LibraryCache(folder)
    keys: list[str | bytes] = ["a", "b", b"\xff", "../../escape"]
    paths = [kept.library(key, Builder(str(key).encode())) for key in keys]
    assert [path.read_bytes() for path in paths] == [str(key).encode() for key in keys]
    assert {path.parent for path in paths} == {folder}


def test_a_key_holds_everything_and_no_two_meet() -> None:
    assert cache_key(program=b"p", flags=["-O3"]) == cache_key(flags=["-O3"], program="p")
    keys = [
        cache_key(program="p", flags=["-O3", "-g"]),
        cache_key(program="p", flags=["-O3-g"]),
        cache_key(program="p", flags=["-g", "-O3"]),
        cache_key(program="p-O3", flags=["-g"]),
        cache_key(program="p", target="", flags=["-O3", "-g"]),
    ]
    assert len(set(keys)) == len(keys)


def test_a_changed_header_of_ours_is_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "ember_infer_native"
    shutil.copytree(Path(cache_module.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache_module, "__file__", str(package / "cache.py"))
    keys = []
    for text in ("int a;", "int b;"):
        (package / "kernel.h").write_text(text)
        cache_module._code_digest.cache_clear()
        keys.append(cache_key(program="p"))
    cache_module._code_digest.cache_clear()
    assert keys[0] != keys[1]


def test_entries_say_what_is_kept_and_clear_removes_it(folder: Path) -> None:
    kept = LibraryCache(folder)
    assert kept.entries() == []
    assert kept.clear() == 0
    kept.library("a", Builder(b"1234"), model="digits", target="avx2", compiler="gcc 12.2.0")
    kept.library("b", Builder(b"12345678"), model="sine")
    (folder / "notes.txt").write_text("not ours")
    by_model = {entry.model: entry for entry in kept.entries()}
    assert set(by_model) == {"digits", "sine"}
    assert (by_model["digits"].size, by_model["digits"].target, by_model["digits"].compiler) == (
        4,
        "avx2",
        "gcc 12.2.0",
    )
    assert abs(by_model["digits"].built - time.time()) < 60
    total = sum(path.stat().st_size for path in folder.iterdir() if path.name != "notes.txt")
    assert kept.clear() == total
    assert kept.entries() == []
    assert names(folder) == ["notes.txt"]


def test_the_least_recently_used_give_way(folder: Path) -> None:
    kept = LibraryCache(folder, most_bytes=35)
    for age, name in enumerate("abc"):
        path = kept.library(name, Builder(name.encode() * 10))
        os.utime(path.with_suffix(".json"), (1000.0 + age, 1000.0 + age))
    kept.library("a", refuse)  # used: b is now the oldest
    kept.library("d", Builder(b"d" * 10))
    assert kept.library("a", refuse).read_bytes() == b"a" * 10
    assert len(kept.entries()) == 3
    rebuilt = Builder()
    kept.library("b", rebuilt)
    assert rebuilt.count == 1


def test_a_library_larger_than_the_bound_is_kept_while_it_is_the_newest(folder: Path) -> None:
    kept = LibraryCache(folder, most_bytes=5)
    kept.library("a", Builder())
    assert kept.library("a", refuse).read_bytes() == CONTENT


def answers(number: int) -> Callable[[Path], None]:
    """Builds a library whose function answers with the number."""
    text = f'__attribute__((visibility("default"))) int answer(void) {{ return {number}; }}'
    return lambda path: build_library(find_compiler(), {"m.c": text}, ["-O1"], path, main="m.c")


def test_the_library_that_was_checked_is_loaded_whatever_is_there_by_then(folder: Path, tmp_path: Path) -> None:
    kept = LibraryCache(folder)
    path = kept.library("key", answers(42))
    answers(666)(tmp_path / "other.so")

    def loader(name: str) -> ctypes.CDLL:
        os.replace(tmp_path / "other.so", path)
        return ctypes.CDLL(name)

    loaded = kept.load("key", refuse, loader=loader)
    assert loaded.answer() == (42 if sys.platform == "linux" else 666)
    assert loaded._name == str(path)


def test_a_library_that_was_cleared_meanwhile_is_loaded_all_the_same(folder: Path) -> None:
    kept = LibraryCache(folder)

    def loader(path: str) -> ctypes.CDLL:
        kept.clear()
        return ctypes.CDLL(path)

    assert kept.load("key", answers(42), loader=loader).answer() == 42


def test_libraries_loaded_one_after_the_other_are_different_ones(folder: Path) -> None:
    kept = LibraryCache(folder)
    assert [kept.load(str(number), answers(number)).answer() for number in range(5)] == list(range(5))


def test_a_library_that_does_not_load_is_an_error(folder: Path) -> None:
    builder = Builder()
    with pytest.raises(CompileError, match=r"(?s)digits does not load.*another machine") as raised:
        LibraryCache(folder).load("key", builder, model="digits")
    assert builder.count == 2
    assert isinstance(raised.value.__cause__, OSError)
