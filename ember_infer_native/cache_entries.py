"""The libraries in a folder of the cache: checked before use, built by one process at a time, removed.

A library ``<digest>.so`` has a record ``<digest>.json`` with its length and checksum beside it. Both are written under
another name and moved into place, library first, so that whatever a crash, a full disk or a second process leaves
behind does not agree with its record, and is built again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from typing_extensions import override

from ember_infer_core.version import installed_version
from ember_infer_native.cache_folder import trusted_file
from ember_infer_native.checked_files import OpenFile
from ember_infer_native.file_lock import Lock, file_lock

__all__ = [
    "CacheEntry",
    "Order",
    "built_once",
    "checked_library",
    "clear_folder",
    "entries_by_last_use",
    "remove_library",
    "trim_folder",
    "version",
]

_LOG = logging.getLogger("ember_infer")
_SUFFIX = ".dll" if sys.platform == "win32" else ".so"
_OURS = re.compile(r"[0-9a-f]{32}\.(so|dll|json|lock)")
_WORK_PREFIX = ".build-"
_PATIENCE_SECONDS = 330.0  # a little longer than a compiler may take
_MOST_RECORD_BYTES = 64 << 10
_ABANDONED_SECONDS = 24 * 3600.0
_REPORT_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """What the record of a library says. ``built`` is in seconds since 1970, ``size`` in bytes."""

    digest: str
    size: int
    sha256: str
    model: str
    target: str
    compiler: str
    seconds: float
    built: float
    version: str


@dataclass(frozen=True, slots=True)
class Order:
    """One library to be built."""

    digest: str
    build: Callable[[Path], None]
    model: str
    target: str
    compiler: str

    @override
    def __str__(self) -> str:
        target = f" for {self.target}" if self.target else ""
        compiler = f" with {self.compiler}" if self.compiler else ""
        return f"{self.model or 'a model'}{target}{compiler}"


def checked_library(folder: Path, digest: str) -> OpenFile | None:
    """The library, open, if it is whole and nobody else's, and marks it as used."""
    entry = _record(folder, digest)
    file = None if entry is None else trusted_file(folder / (digest + _SUFFIX))
    if entry is None or file is None:
        return None
    if not file.has(entry.size, entry.sha256):
        file.close()
        return None
    with contextlib.suppress(OSError):  # a cache that can only be read serves as well
        os.utime(folder / f"{digest}.json")
    return file


def _record(folder: Path, digest: str) -> CacheEntry | None:
    file = trusted_file(folder / f"{digest}.json")
    if file is None:
        return None
    try:
        with file:
            entry = CacheEntry(**json.loads(file.read(_MOST_RECORD_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    numbers = all(isinstance(number, int | float) for number in (entry.size, entry.seconds, entry.built))
    texts = (entry.digest, entry.sha256, entry.model, entry.target, entry.compiler, entry.version)
    whole = numbers and all(isinstance(text, str) for text in texts)
    return entry if whole and entry.digest == digest else None


def entries_by_last_use(folder: Path) -> list[CacheEntry]:
    """The records of a folder that are whole, the most recently used first."""
    found: list[tuple[float, CacheEntry]] = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        entry = _record(folder, path.stem)
        with contextlib.suppress(OSError):  # another process may have removed it
            if entry is not None:
                found.append((path.stat().st_mtime, entry))
    return [entry for _, entry in sorted(found, key=lambda item: (-item[0], item[1].digest))]


def built_once(folder: Path, order: Order) -> OpenFile:
    """Builds, unless another process or thread has done so by the time we have the lock."""
    _remove_abandoned(folder)
    with _counted(order), file_lock(folder / f"{order.digest}.lock", _PATIENCE_SECONDS):
        found = checked_library(folder, order.digest)
        if found is not None:
            return found
        path = folder / (order.digest + _SUFFIX)
        if path.exists():
            _LOG.warning("%s is incomplete, damaged or may be written by others: it is built again", path)
        _build(path, order)
        found = checked_library(folder, order.digest)
        if found is None:
            raise OSError(errno.EACCES, f"{path} is not what was written there")
        return found


def _build(path: Path, order: Order) -> None:
    prefix = f"{_WORK_PREFIX}{order.digest}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=path.parent, ignore_cleanup_errors=True) as work:
        library, record = Path(work) / f"library{_SUFFIX}", Path(work) / "record.json"
        start = time.monotonic()
        order.build(library)
        content = library.read_bytes()
        entry = CacheEntry(
            digest=order.digest,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            model=order.model,
            target=order.target,
            compiler=order.compiler,
            seconds=round(time.monotonic() - start, 3),
            built=round(time.time(), 3),
            version=version(),
        )
        record.write_text(json.dumps(asdict(entry), indent=1))
        _publish(library, path)
        _publish(record, path.with_suffix(".json"))
    _LOG.info("built %s in %.1f s (%.0f kB)", order, entry.seconds, entry.size / 1000)


def _publish(written: Path, path: Path) -> None:
    """Moves a file into place once the disk has it, so that there is the whole of it or nothing."""
    written.chmod(0o600)
    with open(written, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(written, path)


def version() -> str:
    """Of Ember Infer, for people."""
    return installed_version() or "unknown"


@contextlib.contextmanager
def _counted(order: Order) -> Iterator[None]:
    """Counts the seconds of a long build, also of another process's, where somebody watches."""
    stderr = sys.stderr
    if stderr is None or not stderr.isatty():
        yield
        return
    start = time.monotonic()
    done = threading.Event()
    shown: list[str] = []

    def count() -> None:
        while not done.wait(_REPORT_EVERY_SECONDS):
            shown.append(f"\rbuilding {order} ... {time.monotonic() - start:.0f} s")
            stderr.write(shown[-1])
            stderr.flush()

    counter = threading.Thread(target=count, daemon=True)
    counter.start()
    outcome = "could not build"
    try:
        yield
        outcome = "built"
    finally:
        done.set()
        counter.join()
        if shown:
            told = f"{outcome} {order} in {time.monotonic() - start:.1f} s"
            stderr.write(f"\r{told:<{len(shown[-1])}}\n")
            stderr.flush()


def clear_folder(folder: Path) -> int:
    """Removes what no process is building at the moment. Returns the bytes that became free."""
    digests = {name.split(".")[0] for name in os.listdir(folder) if _OURS.fullmatch(name)}
    freed = sum(_remove_unless_locked(folder, digest) for digest in digests)
    return freed + _remove_abandoned(folder)


def trim_folder(folder: Path, most_bytes: int, newest: str) -> None:
    """Drops the least recently used libraries, never the newest."""
    kept = 0
    for entry in entries_by_last_use(folder):
        kept += entry.size
        if kept > most_bytes and entry.digest != newest:
            kept -= _remove_unless_locked(folder, entry.digest)


def _remove_unless_locked(folder: Path, digest: str) -> int:
    with contextlib.suppress(OSError), file_lock(folder / f"{digest}.lock", 0.0) as lock:
        return 0 if lock is Lock.BUSY else remove_library(folder, digest)
    return 0


def remove_library(folder: Path, digest: str) -> int:
    """Removes a library, its record first. Returns the bytes that became free."""
    freed = 0
    for suffix in (".json", ".so", ".dll"):
        path = folder / (digest + suffix)
        with contextlib.suppress(OSError):
            size = path.lstat().st_size
            path.unlink()
            freed += size
    return freed


def _remove_abandoned(folder: Path) -> int:
    """Removes the working folders of processes that died: nobody has their lock. Returns the bytes that became free."""
    freed = 0
    for work in folder.glob(_WORK_PREFIX + "*"):
        digest = work.name[len(_WORK_PREFIX) :].partition("-")[0]
        with contextlib.suppress(OSError), file_lock(folder / f"{digest}.lock", 0.0) as lock:
            is_old = time.time() - work.lstat().st_mtime > _ABANDONED_SECONDS
            if lock is Lock.HELD or (lock is Lock.UNKNOWN and is_old):
                freed += sum(path.lstat().st_size for path in work.rglob("*") if path.is_file())
                shutil.rmtree(work)
    return freed
