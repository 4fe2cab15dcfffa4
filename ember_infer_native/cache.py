"""Compiled models on disk: found by everything they depend on, checked before use, and never half there."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import ember_infer_core
from ember_infer_core.errors import CompileError
from ember_infer_native.cache_entries import (
    CacheEntry,
    Order,
    built_once,
    checked_library,
    clear_folder,
    entries_by_last_use,
    remove_library,
    trim_folder,
    version,
)
from ember_infer_native.cache_folder import (
    cache_folder,
    folder_refusal,
    has_temporary_folder,
    ready_folder,
    temporary_folder,
)
from ember_infer_native.checked_files import OpenFile
from ember_infer_native.file_lock import file_lock

__all__ = ["CacheEntry", "LibraryCache", "cache_folder", "cache_key", "file_lock", "version"]

_MOST_BYTES = 512 << 20


class LibraryCache:
    """Shared libraries by key, in a folder that is private to the user. For any number of threads and processes.

    Args:
        folder: where; by default :func:`cache_folder`. It is made at the first build. Where it cannot be used (a
            read-only home, a full disk, a folder in which others may write) there is one warning, and libraries are
            built in a temporary folder that this process removes at its end.
        most_bytes: the least recently used libraries give way when all together are larger.
    """

    def __init__(self, folder: Path | None = None, *, most_bytes: int = _MOST_BYTES) -> None:
        self.folder: Path | None = cache_folder() if folder is None else folder.absolute()
        self._by_default = folder is None and not os.environ.get("EMBER_CACHE_DIR")
        self._most_bytes = most_bytes

    def library(
        self,
        key: bytes | str,
        build: Callable[[Path], None],
        *,
        model: str = "",
        target: str = "",
        compiler: str = "",
    ) -> Path:
        """The checked library for a key; built first where there is none, by one process at a time.

        Args:
            key: everything the library depends on: see :func:`cache_key`.
            build: writes the library to the path it is given; :func:`~ember_infer_native.toolchain.build_library`.
            model: for people, as are ``target`` and ``compiler``.
            target: the instruction set that the library needs.
            compiler: name and version.

        Raises:
            CompileError: ``build`` raises it, or there is no folder that takes the library.
        """
        with self._opened(Order(_digest(key), build, model, target, compiler)) as file:
            return file.path

    def load(
        self,
        key: bytes | str,
        build: Callable[[Path], None],
        *,
        model: str = "",
        target: str = "",
        compiler: str = "",
        loader: Callable[[str], ctypes.CDLL] = ctypes.CDLL,
    ) -> ctypes.CDLL:
        """As :meth:`library`, and loads it: once more, newly built, if it is none that can be loaded.

        Args:
            loader: ``ctypes.CDLL``, or ``ctypes.PyDLL`` for calls that keep the GIL.

        Raises:
            CompileError: as from :meth:`library`, or a new library does not load.
        """
        order = Order(_digest(key), build, model, target, compiler)
        for is_last in (False, True):
            with self._opened(order) as file:
                try:
                    return file.load(loader)
                except OSError as error:
                    if is_last:
                        raise CompileError(
                            f"the library for {model or 'the model'} does not load: {error}",
                            advice="does CC name a compiler for another machine?",
                        ) from error
                    remove_library(file.path.parent, order.digest)
        raise AssertionError("unreachable")

    def entries(self) -> list[CacheEntry]:
        """What is kept, the most recently used first. Whatever is damaged is left out."""
        return [] if self.folder is None else entries_by_last_use(self.folder)

    def clear(self) -> int:
        """Removes every library that no process is building at the moment, and what dead processes left.

        Returns:
            The bytes that became free.
        """
        if self.folder is None or not self.folder.is_dir():
            return 0
        return clear_folder(self.folder)

    def _opened(self, order: Order) -> OpenFile:
        """The library, checked and open; built first where there is none."""
        found = self._found(order.digest)
        if found is not None:
            return found
        try:
            folder = ready_folder(self.folder, by_default=self._by_default)
            file = built_once(folder, order)
        except OSError as error:
            return self._built_elsewhere(order, error)
        trim_folder(folder, self._most_bytes, order.digest)
        return file

    def _found(self, digest: str) -> OpenFile | None:
        found = None
        if self.folder is not None and folder_refusal(self.folder) is None:
            found = checked_library(self.folder, digest)
        if found is None and has_temporary_folder():
            found = checked_library(temporary_folder(os.getpid()), digest)
        return found

    def _built_elsewhere(self, order: Order, error: OSError) -> OpenFile:
        # The text is the same each time, so that Python shows it once.
        warnings.warn(
            f"the cache of compiled models in {self.folder} cannot be used ({error.strerror or error}): libraries are "
            "built anew in every process; set EMBER_CACHE_DIR to a folder of your own",
            RuntimeWarning,
            stacklevel=4,
        )
        try:
            # Made again where the machine has cleaned up meanwhile.
            return built_once(ready_folder(temporary_folder(os.getpid()), by_default=False), order)
        except OSError as second:
            raise CompileError(
                f"no folder takes the compiled model: {self.folder}: {error}; a temporary folder: {second}",
                advice="set EMBER_CACHE_DIR or TMPDIR to a folder that can be written and has room",
            ) from second


def _digest(key: bytes | str) -> str:
    return hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()[:32]


def cache_key(**parts: bytes | str | Sequence[str]) -> str:
    """One key for all that a library depends on: give program, target, compiler, its version, flags.

    The code of native and core, headers included, and the kind of machine are always in it.
    """
    ours = {"our code": _code_digest(), "our machine": platform.machine(), "our system": sys.platform}
    everything: dict[str, bytes | str | Sequence[str]] = {**parts, **ours}
    digest = hashlib.sha256()
    for name, part in sorted(everything.items()):
        items = [part] if isinstance(part, str | bytes) else part
        for item in (name, str(len(items)), *items):
            content = item.encode() if isinstance(item, str) else item
            digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


@functools.cache
def _code_digest() -> str:
    """A checksum of the code that makes a library: a version number stands still while one works on a kernel."""
    digest = hashlib.sha256()
    for folder in (Path(__file__).parent, Path(ember_infer_core.__file__).parent):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".h", ".c"):
                content = path.read_bytes()
                digest.update(f"{path.relative_to(folder.parent).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()
