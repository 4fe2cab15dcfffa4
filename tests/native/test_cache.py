"""The cache of compiled models: never the wrong library, never half of one, and no trouble where it cannot be."""

from __future__ import annotations

import ctypes
import errno
import io
import json
import logging
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ember_infer_core.errors import CompileError
from ember_infer_native import cache as cache_module
from ember_infer_native.cache import LibraryCache, cache_folder, cache_key
from ember_infer_native.toolchain import build_library, find_compiler
from tests.conftest import REPOSITORY

CONTENT = b"a library" * 1000
DIGEST = re.compile(r"[0-9a-f]{32}")
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
ONE_PROCESS = """
import sys, time
from pathlib import Path
from ember_infer_native.cache import LibraryCache

def build(path):
    with open(sys.argv[2], "a") as log:
        log.write("built\\n")
    time.sleep(0.5)
    path.write_bytes(b"a library" * 1000)

print(LibraryCache(Path(sys.argv[1])).library("key", build))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache of mine"


@pytest.fixture
def fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which temporary folders are made."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    cache_module._temporary_folder.cache_clear()
    yield temporary
    cache_module._temporary_folder.cache_clear()


class Builder:
    """Builds, and counts how often."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.count = 0

    def __call__(self, path: Path) -> None:
        self.count += 1
        path.write_bytes(self.content)


def refuse(path: Path) -> None:
    raise AssertionError(f"{path} was to be found, not built")


def names(folder: Path) -> list[str]:
    return sorted(DIGEST.sub("#", path.name) for path in folder.iterdir())


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


# ---- the ordinary life of a library


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


# ---- damage


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def open_to_the_group(path: Path) -> None:
    path.chmod(0o620)


def make_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def give_away(path: Path) -> None:
    os.chown(path, 12345, -1)


DAMAGE = [truncate, flip, empty, open_to_the_group, make_a_link, Path.unlink]
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


# ---- many at once


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


def test_without_locks_both_build_and_both_succeed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "fcntl", None)
    second = Builder()

    def build(path: Path) -> None:
        LibraryCache(folder).library("key", second)
        path.write_bytes(CONTENT)

    assert LibraryCache(folder).library("key", build).read_bytes() == CONTENT
    assert second.count == 1
    assert LibraryCache(folder).library("key", refuse).read_bytes() == CONTENT
    assert LibraryCache(folder).clear() > len(CONTENT)
    assert names(folder) == []


def test_a_suspended_builder_does_not_stop_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_PATIENCE_SECONDS", 0.1)
    second = Builder()

    def build(path: Path) -> None:
        LibraryCache(folder).library("key", second)
        path.write_bytes(CONTENT)

    assert LibraryCache(folder).library("key", build).read_bytes() == CONTENT
    assert second.count == 1


def test_clear_leaves_a_build_alone(folder: Path) -> None:
    kept = LibraryCache(folder)
    kept.library("other", Builder())

    def build(path: Path) -> None:
        assert kept.clear() > len(CONTENT)
        path.write_bytes(CONTENT)

    assert kept.library("key", build).read_bytes() == CONTENT
    assert len(kept.entries()) == 1


# ---- where there is no cache to be had


def expect_fallback(kept: LibraryCache, fallback: Path, reason: str, key: str = "key") -> None:
    builder = Builder()
    with pytest.warns(RuntimeWarning, match=f"(?s){reason}.*EMBER_CACHE_DIR"):
        path = kept.library(key, builder)
    assert path.read_bytes() == CONTENT
    assert path.parent.parent == fallback
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kept.library(key, refuse) == path
    assert builder.count == 1


def test_a_full_disk_is_one_warning(folder: Path, fallback: Path) -> None:
    def build(path: Path) -> None:
        if folder in path.parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(CONTENT)

    kept = LibraryCache(folder)
    with pytest.warns(RuntimeWarning, match="No space left"):
        path = kept.library("key", build)
    assert path.read_bytes() == CONTENT
    assert kept.library("key", refuse) == path
    assert names(folder) == []


def test_a_file_system_that_fills_up(tmp_path: Path, fallback: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    mounted = AS_ROOT and shutil.which("mount") is not None
    if not mounted or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", mount], check=False).returncode:
        pytest.skip("needs a small file system, which only root mounts")
    try:
        compiler = find_compiler()
        text = '__attribute__((visibility("default"))) int answer(void) { return 42; }'
        for size in range(0, 65536, 8192):
            shutil.rmtree(mount / "cache", ignore_errors=True)
            (mount / "filler").write_bytes(bytes(size))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                path = LibraryCache(mount / "cache").library(
                    "key", lambda path: build_library(compiler, {"m.c": text}, ["-O1"], path, main="m.c")
                )
            copy = shutil.copy(path, tmp_path / f"{size}.so")  # a library that is loaded keeps its room
            assert ctypes.CDLL(str(copy)).answer() == 42
    finally:
        subprocess.run(["umount", mount], check=True)


def test_a_bound_on_file_sizes(folder: Path, fallback: Path) -> None:
    def build(path: Path) -> None:
        if folder not in path.parents:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        path.write_bytes(CONTENT)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = LibraryCache(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.warns(RuntimeWarning, match="File too large"):
            assert kept.library("key", build).read_bytes() == CONTENT
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_room_anywhere_is_an_error_that_says_what_to_do(folder: Path, fallback: Path) -> None:
    def build(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.warns(RuntimeWarning), pytest.raises(CompileError, match="EMBER_CACHE_DIR or TMPDIR"):
        LibraryCache(folder).library("key", build)


def test_a_folder_that_cannot_be_made(fallback: Path) -> None:
    expect_fallback(LibraryCache(Path("/proc/ember-infer")), fallback, "cannot be used")


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_read_only_folder_is_still_read(folder: Path, fallback: Path) -> None:
    kept = LibraryCache(folder)
    path = kept.library("before", Builder())
    folder.chmod(0o500)
    try:
        assert kept.library("before", refuse) == path
        expect_fallback(kept, fallback, "Permission denied")
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(not AS_ROOT, reason="only root mounts")
def test_a_read_only_file_system_is_still_read(tmp_path: Path, fallback: Path) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", mount], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        kept = LibraryCache(mount / "cache")
        path = kept.library("before", Builder())
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        assert kept.library("before", refuse) == path
        expect_fallback(kept, fallback, "Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw,noexec", mount], check=True)
        expect_fallback(kept, fallback, "noexec", "other")
        expect_fallback(LibraryCache(mount / "new"), fallback, "noexec", "third")
    finally:
        subprocess.run(["umount", mount], check=True)


def test_a_folder_in_which_others_may_write_is_not_used(folder: Path, fallback: Path) -> None:
    kept = LibraryCache(folder)
    kept.library("key", Builder())
    folder.chmod(0o770)
    expect_fallback(kept, fallback, "chmod go-w")
    assert folder.stat().st_mode & 0o777 == 0o770


def test_a_file_in_place_of_the_folder(folder: Path, fallback: Path) -> None:
    folder.write_text("in the way")
    expect_fallback(LibraryCache(folder), fallback, "it is no folder")
    assert LibraryCache(folder).entries() == []
    assert LibraryCache(folder).clear() == 0


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
@pytest.mark.parametrize("what", ["folder", "link"])
def test_the_folder_of_another_user_is_not_used(tmp_path: Path, folder: Path, fallback: Path, what: str) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    folder.symlink_to(target)
    os.chown(folder if what == "link" else target, 12345, -1, follow_symlinks=False)
    expect_fallback(LibraryCache(folder), fallback, "belongs to another user")


def test_a_link_of_ours_to_a_larger_disk_is_fine(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "large").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "large")
    assert LibraryCache(folder).library("key", Builder()).parent == folder
    assert LibraryCache(folder).library("key", refuse).exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
def test_root_makes_no_folder_in_the_home_of_a_user(
    tmp_path: Path, fallback: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, -1)
    monkeypatch.delenv("EMBER_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(home))
    expect_fallback(LibraryCache(), fallback, "belongs to another user")
    assert list(home.iterdir()) == []
    monkeypatch.setenv("EMBER_CACHE_DIR", str(home / "by name"))
    assert LibraryCache().library("named", Builder()).parent == home / "by name"


def test_the_temporary_folder_is_gone_at_the_end(tmp_path: Path) -> None:
    code = ONE_PROCESS.replace("time.sleep(0.5)", "").replace("import sys, time", "import os, sys, time")
    code += "if os.fork() == 0:\n    sys.exit()\nos.wait()\nassert any(Path(sys.argv[3]).iterdir())\n"
    command = [sys.executable, "-W", "ignore", "-c", code, "/proc/none", os.devnull, str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, env={**os.environ, "TMPDIR": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []


# ---- where it is


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBER_CACHE_DIR", "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path.cwd() / "here"
    monkeypatch.delenv("EMBER_CACHE_DIR")
    assert cache_folder() == tmp_path / "ember-infer"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path("/home/somebody/.cache/ember-infer")


def test_without_a_home_there_is_a_temporary_folder(fallback: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("EMBER_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    kept = LibraryCache()
    assert (kept.entries(), kept.clear()) == ([], 0)
    expect_fallback(kept, fallback, "there is no home folder")


def test_nothing_is_made_before_there_is_something_to_keep(folder: Path) -> None:
    kept = LibraryCache(folder)
    assert kept.entries() == []
    assert not folder.exists()


# ---- loading and telling


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


def test_a_build_is_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "ember_infer"):
        LibraryCache(folder).library("key", Builder(), model="digits", target="avx2", compiler="gcc 12.2.0")
        LibraryCache(folder).library("key", refuse)
    (told,) = caplog.messages
    assert re.fullmatch(r"built digits for avx2 with gcc 12\.2\.0 in \d+\.\d s \(9 kB\)", told)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "is_long", "is_told"), [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)]
)
def test_a_long_build_counts_seconds_on_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], is_long: bool, is_told: bool
) -> None:
    monkeypatch.setattr(cache_module, "_REPORT_EVERY_SECONDS", 0.05 if is_long else 60.0)
    stderr = stream()
    monkeypatch.setattr(sys, "stderr", stderr)

    def build(path: Path) -> None:
        time.sleep(0.3)
        path.write_bytes(CONTENT)

    LibraryCache(folder).library("key", build, model="digits")
    told = stderr.getvalue()
    if not is_told:
        assert told == ""
        return
    assert told.startswith("\rbuilding digits ... 0 s")
    assert re.search(r"\rbuilt digits in \d+\.\d s *\n$", told)


# ---- the command


def command(folder: Path, *arguments: str) -> str:
    process = subprocess.run(
        [sys.executable, "-m", "ember_infer_tools.cli", "cache", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, "EMBER_CACHE_DIR": str(folder), "COLUMNS": "120"},
    )
    return process.stdout


def test_the_command_shows_and_clears(folder: Path) -> None:
    assert command(folder) == f"nothing is kept in {folder}\n"
    kept = LibraryCache(folder)
    kept.library("a", Builder(), model="digits", target="avx512vnni", compiler="gcc 12.2.0")
    kept.library("b", Builder(b"1" * 2_000_000), model="[bold]vww", target="avx2", compiler="zig 0.17.1")
    shown = command(folder, "show")
    assert re.search(r"digits +avx512vnni +gcc 12\.2\.0 +9 kB +(now|\d+ s) +0\.0 s", shown)
    assert "[bold]vww" in shown
    assert f"2 libraries, 2.0 MB, in {folder}" in shown
    assert command(folder).split()[:3] == shown.split()[:3]
    assert command(folder, "clear") == f"2.0 MB freed in {folder}\n"
    assert kept.entries() == []


def test_help_says_where_and_that_clearing_is_safe() -> None:
    shown = " ".join(command(Path("unused"), "--help").split())
    for words in ("EMBER_CACHE_DIR", "Clearing is always safe", "512 MB"):
        assert words in shown
