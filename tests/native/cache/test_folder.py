"""Where the cache is, and what happens where it cannot be."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from ember_infer_core.errors import CompileError
from ember_infer_native.cache import LibraryCache, cache_folder
from ember_infer_native.cache_folder import temporary_folder
from ember_infer_native.toolchain import build_library, find_compiler
from tests.conftest import REPOSITORY
from tests.native.cache.builders import CONTENT, ONE_PROCESS, Builder, names, refuse
from tests.native.files import AS_ROOT


@pytest.fixture
def fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which temporary folders are made."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    temporary_folder.cache_clear()
    yield temporary
    temporary_folder.cache_clear()


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
    expect_fallback(LibraryCache(), fallback, "home belongs to another user", "named")


def test_the_temporary_folder_is_gone_at_the_end(tmp_path: Path) -> None:
    code = ONE_PROCESS.replace("time.sleep(0.5)", "").replace("import sys, time", "import os, sys, time")
    code += "if os.fork() == 0:\n    sys.exit()\nos.wait()\nassert any(Path(sys.argv[3]).iterdir())\n"
    command = [sys.executable, "-W", "ignore", "-c", code, "/proc/none", os.devnull, str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, env={**os.environ, "TMPDIR": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []


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
