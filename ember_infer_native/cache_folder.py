"""The folder of the cache: where it is, whether nobody else may write in it, and what stands in for it."""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import os
import shutil
import stat
import tempfile
from pathlib import Path

from ember_infer_native.checked_files import OpenFile

__all__ = [
    "cache_folder",
    "folder_refusal",
    "has_temporary_folder",
    "make_private_folder",
    "path_refusal",
    "ready_folder",
    "temporary_folder",
    "trusted_file",
]

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MOST_LINKS = 40  # as many as Linux follows


def cache_folder() -> Path | None:
    """Where libraries are kept; None for a user without a home.

    ``EMBER_CACHE_DIR``, else ``ember-infer`` in ``XDG_CACHE_HOME``, else ``~/.cache/ember-infer``.
    """
    chosen = os.environ.get("EMBER_CACHE_DIR")
    if chosen:
        return Path(chosen).absolute()
    shared = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(shared):  # the specification has others ignored
        return Path(shared) / "ember-infer"
    try:
        return Path.home() / ".cache" / "ember-infer"
    except RuntimeError:
        return None


def ready_folder(folder: Path | None, *, by_default: bool) -> Path:
    """The folder, made if need be; an OSError where it must not be used."""
    if folder is None:
        raise OSError(errno.ENOENT, "there is no home folder")
    reason = folder_refusal(folder)
    if reason is None:
        _make_folder(folder, by_default=by_default)
        reason = folder_refusal(folder)
    if reason is not None:
        raise OSError(errno.EACCES, reason)
    return folder


def folder_refusal(folder: Path) -> str | None:
    """Why a folder must not be used: somebody else may write in it, or put another in its place. None where it may be,
    or is not there yet.
    """
    reason = path_refusal(folder)
    if reason is not None or not hasattr(os, "statvfs") or not folder.exists():
        return reason
    is_noexec = os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)
    return "no library can be loaded from there: it is mounted noexec" if is_noexec else None


def path_refusal(folder: Path) -> str | None:
    """As :func:`folder_refusal`, for what is not to be executed.

    Looks at every folder on the way from the root, and every link: each is ours or root's, and others cannot write in
    it, or, as in ``/tmp``, cannot rename there what is not theirs. So what was looked at stays as it is, and the last
    folder is what its name says.
    """
    if not hasattr(os, "geteuid"):
        return None if folder.is_dir() or not folder.exists() else "it is no folder"
    at, ahead, links = Path(folder.absolute().anchor), list(reversed(folder.absolute().parts[1:])), 0
    try:
        while True:
            status = os.lstat(at)
            if not _is_trusted(status):
                return "it belongs to another user" if not ahead else f"{at} belongs to another user"
            if stat.S_ISLNK(status.st_mode):
                links += 1
                if links > _MOST_LINKS:
                    return os.strerror(errno.ELOOP)
                target = Path(os.readlink(at))
                ahead += reversed(target.parts[1:] if target.is_absolute() else target.parts)
                at = Path(target.anchor) if target.is_absolute() else at.parent
                continue
            if not stat.S_ISDIR(status.st_mode):
                return "it is no folder" if not ahead else f"{at} is no folder"
            if not ahead:
                return "others may write in it; 'chmod go-w' it, or name another" if _others_may_write(status) else None
            if _others_may_write(status) and not status.st_mode & stat.S_ISVTX:
                return (
                    f"others may write in {at}, and could put another folder in its place; 'chmod go-w {at}', or name "
                    "a folder elsewhere"
                )
            name = ahead.pop()
            at = at.parent if name == ".." else at / name
    except FileNotFoundError:
        return "it is a link to nowhere" if links and folder.is_symlink() else None
    except OSError as error:
        return error.strerror or str(error)


def _make_folder(folder: Path, *, by_default: bool) -> None:
    if folder.is_dir():
        return
    ancestor = next(parent for parent in folder.parents if parent.exists())
    if by_default and not _is_trusted(ancestor.stat()):
        # sudo with the home of a user, who could not write here ever after
        raise OSError(errno.EACCES, f"{ancestor} belongs to another user")
    make_private_folder(folder)


def make_private_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, which only we may enter."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        with contextlib.suppress(FileExistsError):  # another process was faster
            missing.mkdir(mode=0o700)
            missing.chmod(0o700)  # whatever the umask has taken away


def trusted_file(path: Path) -> OpenFile | None:
    """A file of a trusted folder, open; None where it is missing, or somebody else may have written it."""
    try:
        file = OpenFile(path)
    except OSError:
        return None
    if _is_trusted(file.status) and not _others_may_write(file.status):
        return file
    file.close()
    return None


def _is_trusted(status: os.stat_result) -> bool:
    """Ours, or root's, who can do as root likes anyway: an image may come with a cache."""
    return not hasattr(os, "geteuid") or status.st_uid in (os.geteuid(), 0)


def _others_may_write(status: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and bool(status.st_mode & _OTHERS_MAY_WRITE)


@functools.cache
def temporary_folder(process: int) -> Path:
    """A folder for one process: a child of fork has another."""
    folder = Path(tempfile.mkdtemp(prefix="ember-infer-"))
    atexit.register(_remove_temporary_folder, folder, process)
    return folder


def has_temporary_folder() -> bool:
    """Whether this process, or the one that it was forked from, has made one."""
    return temporary_folder.cache_info().currsize > 0


def _remove_temporary_folder(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
