"""The folder of the cache: where it is, whether nobody else may write in it, and what stands in for it."""

from __future__ import annotations

import atexit
import errno
import functools
import os
import shutil
import stat
import tempfile
from pathlib import Path

__all__ = [
    "cache_folder",
    "folder_refusal",
    "has_temporary_folder",
    "ready_folder",
    "temporary_folder",
    "trusted_bytes",
]

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


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
    """Why a folder must not be used; None where it may be, or is not there yet."""
    try:
        link, status = os.lstat(folder), os.stat(folder)
    except FileNotFoundError:
        return "it is a link to nowhere" if folder.is_symlink() else None
    except OSError as error:
        return error.strerror
    if not stat.S_ISDIR(status.st_mode):
        return "it is no folder"
    if not (_is_trusted(link) and _is_trusted(status)):
        return "it belongs to another user"
    if _others_may_write(status):
        return "others may write in it; 'chmod go-w' it, or name a folder inside it that is not there yet"
    if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0):
        return "no library can be loaded from there: it is mounted noexec"
    return None


def _make_folder(folder: Path, *, by_default: bool) -> None:
    if folder.is_dir():
        return
    ancestor = next(parent for parent in folder.parents if parent.exists())
    if by_default and not _is_trusted(ancestor.stat()):
        # sudo with the home of a user, who could not write here ever after
        raise OSError(errno.EACCES, f"{ancestor} belongs to another user")
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def trusted_bytes(path: Path) -> bytes | None:
    """A file's content; None where it is missing, or somebody else may have written it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or not _is_trusted(status) or _others_may_write(status):
            return None
        return file.read()


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
