"""Other users of the machine cannot put code of theirs into a process of ours."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import shutil
import stat
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ember_infer_native.cache import LibraryCache
from ember_infer_native.cache_folder import folder_refusal, temporary_folder
from ember_infer_native.toolchain import build_library, find_compiler
from tests.native.cache.builders import Builder, refuse
from tests.native.files import AS_ROOT

ATTACKER, VICTIM = 54321, 54322


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user can reach, and write in."""
    folder = Path(tempfile.mkdtemp(prefix="ember-shared-", dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def as_user(user: int, work: Callable[[], None]) -> int:
    """Starts a process of this user, which ends with 0 if the work came to its end."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def exit_code(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def library_that_answers(number: int, folder: Path) -> bytes:
    text = f'__attribute__((visibility("default"))) int answer(void) {{ return {number}; }}'
    path = folder / f"{number}.so"
    build_library(find_compiler(), {"m.c": text}, ["-O1"], path, main="m.c")
    return path.read_bytes()


@pytest.mark.skipif(not AS_ROOT, reason="only root can be two other users")
@pytest.mark.parametrize("mode", [0o777, 0o1777])
@pytest.mark.parametrize("place", ["cache", "above/cache"])
@pytest.mark.filterwarnings("ignore:the cache of compiled models:RuntimeWarning")
def test_another_user_who_swaps_the_cache_runs_nothing_of_theirs(
    shared: Path, tmp_path: Path, place: str, mode: int
) -> None:
    LibraryCache(tmp_path / "warm").library("key", Builder())  # imports what another user may not be able to read
    ours, theirs = library_that_answers(42, tmp_path), library_that_answers(666, tmp_path)
    cache, top = shared / place, shared / Path(place).parts[0]
    library = f"{hashlib.sha256(b'key').hexdigest()[:32]}.so"
    shared.chmod(mode)
    (go, going), (done, swapped) = os.pipe(), os.pipe()

    def attack() -> None:
        os.read(go, 1)
        with contextlib.suppress(OSError):  # nothing there, or a sticky folder
            top.rename(shared / "aside")
        with contextlib.suppress(OSError):
            cache.mkdir(parents=True)
            (cache / library).write_bytes(theirs)
        os.write(swapped, b"x")

    def loader(name: str) -> ctypes.CDLL:
        os.write(going, b"x")
        os.read(done, 1)
        return ctypes.CDLL(name)

    def use() -> None:
        tempfile.tempdir = str(mine)
        temporary_folder.cache_clear()
        kept = LibraryCache(cache)
        assert kept.library("key", Builder(ours)).parent == (
            cache if mode & stat.S_ISVTX else temporary_folder(os.getpid())
        )
        assert kept.load("key", refuse, loader=loader).answer() == 42

    mine = Path(tempfile.mkdtemp(prefix="ember-victim-", dir="/tmp"))
    os.chown(mine, VICTIM, VICTIM)
    attacker, victim = as_user(ATTACKER, attack), as_user(VICTIM, use)
    codes = [exit_code(victim)]
    os.write(going, b"x")  # for an attacker who waits for a victim that failed
    codes.append(exit_code(attacker))
    for end in (go, going, done, swapped):
        os.close(end)
    shutil.rmtree(mine)
    assert codes == [0, 0]


@pytest.mark.parametrize("above", [1, 2])
def test_a_folder_above_in_which_others_may_write_is_refused(folder: Path, above: int) -> None:
    cache = folder / "a" / "b"
    cache.mkdir(parents=True)
    open_to_all = cache.parents[above - 1]
    open_to_all.chmod(0o777)
    reason = folder_refusal(cache)
    assert reason is not None
    assert f"others may write in {open_to_all}" in reason
    assert "inside" not in reason
    assert folder_refusal(cache / "not there yet") == reason
    open_to_all.chmod(0o1777)
    assert folder_refusal(cache) is None
    open_to_all.chmod(0o755)
    assert folder_refusal(cache) is None


def test_the_cache_itself_may_not_be_open_to_others_even_if_sticky(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o1777)
    assert "others may write in it" in str(folder_refusal(folder))


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
def test_a_link_or_folder_of_somebody_else_on_the_way_is_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "theirs" / "cache").mkdir(parents=True)
    os.chown(tmp_path / "theirs", ATTACKER, -1)
    assert folder_refusal(tmp_path / "theirs" / "cache") == f"{tmp_path / 'theirs'} belongs to another user"
    (folder / "cache").mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    assert folder_refusal(tmp_path / "link" / "cache") is None
    os.chown(tmp_path / "link", ATTACKER, -1, follow_symlinks=False)
    assert folder_refusal(tmp_path / "link" / "cache") == f"{tmp_path / 'link'} belongs to another user"


def test_links_and_dots_are_followed_to_what_they_mean(tmp_path: Path, folder: Path) -> None:
    (folder / "cache").mkdir(parents=True)
    (tmp_path / "link").symlink_to("elsewhere/../" + folder.name)
    (tmp_path / "elsewhere").mkdir()
    assert folder_refusal(tmp_path / "link" / ".." / folder.name / "cache") is None
    (tmp_path / "elsewhere").chmod(0o777)
    assert f"others may write in {tmp_path / 'elsewhere'}" in str(folder_refusal(tmp_path / "link" / "cache"))
    (tmp_path / "round").symlink_to("round")
    assert folder_refusal(tmp_path / "round" / "cache") == "Too many levels of symbolic links"


@pytest.mark.parametrize("mask", [0, 0o077])
def test_what_is_made_is_private_whatever_the_umask(folder: Path, mask: int) -> None:
    cache = folder / "new" / "cache"
    before = os.umask(mask)
    try:
        path = LibraryCache(cache).library("key", Builder())
    finally:
        os.umask(before)
    for made in (folder, folder / "new", cache):
        assert made.stat().st_mode & 0o777 == 0o700
    for file in (path, path.with_suffix(".json")):
        assert file.stat().st_mode & 0o777 == 0o600
