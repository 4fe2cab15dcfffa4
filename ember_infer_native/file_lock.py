"""Files that are locked: one process, or thread, at a time."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: two processes may build the same library, and both succeed
    fcntl = None  # type: ignore[assignment]

__all__ = ["Lock", "file_lock"]

_POLL_SECONDS = 0.02


# A child of fork has the same open files: while it lives, they would stay locked if this process ended without a word.
_held: set[int] = set()


def _let_go() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


class Lock(Enum):
    """How an attempt to lock ended. Where there are no locks two may build the same library: both succeed."""

    HELD = "held"
    BUSY = "another process or thread still has it"
    UNKNOWN = "the platform or the file system knows no locks"


@contextlib.contextmanager
def file_lock(path: Path, patience: float) -> Iterator[Lock]:
    """Keeps other processes and threads out, if it is had within ``patience`` seconds."""
    descriptor = _acquired(path, patience)
    if isinstance(descriptor, Lock):
        yield descriptor
        return
    _held.add(descriptor)
    try:
        yield Lock.HELD
    finally:
        _held.discard(descriptor)
        with contextlib.suppress(OSError):
            os.unlink(path)  # while it is ours: whoever waits for it looks again
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a child of fork may have the same open file
        os.close(descriptor)


def _acquired(path: Path, patience: float) -> int | Lock:
    """The open file that is locked, or why there is none."""
    if fcntl is None:
        return Lock.UNKNOWN
    deadline = time.monotonic() + patience
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, descriptor):
                return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return Lock.BUSY
            time.sleep(_POLL_SECONDS)
        except OSError:
            os.close(descriptor)
            return Lock.UNKNOWN
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the file that is locked is the one that others will find."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
