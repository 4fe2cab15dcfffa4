"""The ordinary life of a library in the cache: built once, found again, loaded, and gone for others in the end."""

from __future__ import annotations

import ctypes
import os
import shutil
import time
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


def test_a_library_is_loaded_and_once_more_if_it_was_cleared_meanwhile(folder: Path) -> None:
    compiler = find_compiler()
    text = '__attribute__((visibility("default"))) int answer(void) { return 42; }'
    kept = LibraryCache(folder)
    asked: list[str] = []

    def loader(path: str) -> ctypes.CDLL:
        asked.append(path)
        if len(asked) == 1:
            kept.clear()
        return ctypes.CDLL(path)

    def build(path: Path) -> None:
        build_library(compiler, {"m.c": text}, ["-O1"], path, main="m.c")

    assert kept.load("key", build, loader=loader).answer() == 42
    assert len(asked) == 2


def test_a_library_that_does_not_load_is_an_error(folder: Path) -> None:
    builder = Builder()
    with pytest.raises(CompileError, match=r"(?s)digits does not load.*another machine") as raised:
        LibraryCache(folder).load("key", builder, model="digits")
    assert builder.count == 2
    assert isinstance(raised.value.__cause__, OSError)
