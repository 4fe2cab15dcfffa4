"""Locks that a child of fork does not wait for in vain."""

from __future__ import annotations

import os
import threading
import weakref

__all__ = ["ProcessLock"]


class ProcessLock:
    """A lock for the threads of one process: in a child of fork, whoever held it is not there to let it go.

    Attributes:
        lock: of this process, another one in each child.
    """

    def __init__(self) -> None:
        self.lock: threading.Lock = threading.Lock()
        _ALL.add(self)


_ALL: weakref.WeakSet[ProcessLock] = weakref.WeakSet()


def _renew_locks() -> None:
    for each in _ALL:
        each.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
