"""Files that are opened once, checked by their descriptors, and read or loaded by them: whatever happens to a name in
between. Only regular files, and never more of them than is expected: a FIFO waits for ever, a device has no end.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import itertools
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

__all__ = ["OpenFile"]

_FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
_HASHED_AT_ONCE = 1 << 20
_DESCRIPTORS = "/proc/self/fd"
_NUMBERS = itertools.count()


class OpenFile:
    """A regular file, open for reading; a context that closes it.

    Args:
        path: of the file; not a link, unless ``follow``.

    Raises:
        OSError: it is missing, may not be read, or is no regular file.
    """

    def __init__(self, path: Path, *, follow: bool = False) -> None:
        self.path: Path = path
        flags = [name for name in _FLAGS if not (follow and name == "O_NOFOLLOW")]
        self.descriptor: int = os.open(path, os.O_RDONLY | sum(getattr(os, name, 0) for name in flags))
        self.status: os.stat_result = os.fstat(self.descriptor)
        if not stat.S_ISREG(self.status.st_mode):
            self.close()
            raise OSError(errno.EINVAL, "not a regular file", str(path))

    def close(self) -> None:
        """Closes it; what was loaded stays."""
        os.close(self.descriptor)

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def read(self, most: int) -> bytes:
        """The content.

        Raises:
            OSError: it is longer than ``most`` bytes.
        """
        content = b""
        while self.status.st_size <= most and len(content) <= most:
            part = os.read(self.descriptor, most + 1 - len(content))
            if not part:
                return content
            content += part
        raise OSError(errno.EFBIG, f"longer than {most} bytes", str(self.path))

    def has(self, size: int, sha256: str) -> bool:
        """Whether the content is of this length, with this checksum."""
        if self.status.st_size != size:
            return False
        digest = hashlib.sha256()
        while size > 0 and (part := os.read(self.descriptor, min(size, _HASHED_AT_ONCE))):
            digest.update(part)
            size -= len(part)
        return size == 0 and digest.hexdigest() == sha256

    def load(self, loader: Callable[[str], ctypes.CDLL] = ctypes.CDLL) -> ctypes.CDLL:
        """The file as a shared library: this one, on Linux even if its name means another by now.

        Raises:
            OSError: it is none for this machine.
        """
        if sys.platform != "linux" or not os.path.isdir(_DESCRIPTORS):
            return loader(str(self.path))
        # A name that glibc has seen before is to it the library of that time, and numbers of descriptors come again: so
        # each load spells the path in its own way.
        spelling = bin(next(_NUMBERS))[2:].replace("1", "./").replace("0", "/")
        loaded = loader(f"{_DESCRIPTORS}/{spelling}{self.descriptor}")
        loaded._name = str(self.path)  # for messages
        return loaded
