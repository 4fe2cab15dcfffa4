"""Compiled models on disk: found by everything they depend on, checked before use, and never half there.

A library ``<digest>.so`` has a record ``<digest>.json`` with its length and checksum beside it. Both are written under
another name and moved into place, library first, so that whatever a crash, a full disk or a second process leaves
behind does not agree with its record, and is built again.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import errno
import functools
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import stat
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

import ember_infer_core
from ember_infer_core.errors import CompileError

try:
    import fcntl
except ImportError:  # Windows: two processes may build the same library, and both succeed
    fcntl = None  # type: ignore[assignment]

__all__ = ["CacheEntry", "LibraryCache", "cache_folder", "cache_key", "file_lock", "version"]

_LOG = logging.getLogger("ember_infer")
_SUFFIX = ".dll" if sys.platform == "win32" else ".so"
_OURS = re.compile(r"[0-9a-f]{32}\.(so|dll|json|lock)")
_WORK_PREFIX = ".build-"
_MOST_BYTES = 512 << 20
_PATIENCE_SECONDS = 330.0  # a little longer than a compiler may take
_ABANDONED_SECONDS = 24 * 3600.0
_POLL_SECONDS = 0.02
_REPORT_EVERY_SECONDS = 1.0
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


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
        digest = hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()[:32]
        found = self._found(digest)
        if found is not None:
            return found
        order = _Order(digest, build, model, target, compiler)
        try:
            folder = _ready(self.folder, by_default=self._by_default)
            path = _built_once(folder, order)
        except OSError as error:
            return self._built_elsewhere(order, error)
        self._trim(folder, digest)
        return path

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
        """As :meth:`library`, and loads it: again, once, if another process cleared the cache in between.

        Args:
            loader: ``ctypes.CDLL``, or ``ctypes.PyDLL`` for calls that keep the GIL.

        Raises:
            CompileError: as from :meth:`library`, or a new library does not load.
        """
        for is_last in (False, True):
            path = self.library(key, build, model=model, target=target, compiler=compiler)
            try:
                return loader(str(path))
            except OSError as error:
                if is_last:
                    raise CompileError(
                        f"the library for {model or 'the model'} does not load: {error}",
                        advice="does CC name a compiler for another machine?",
                    ) from error
                _remove(path.parent, path.stem)
        raise AssertionError("unreachable")

    def entries(self) -> list[CacheEntry]:
        """What is kept, the most recently used first. Whatever is damaged is left out."""
        return [] if self.folder is None else [entry for _, entry in _by_last_use(self.folder)]

    def clear(self) -> int:
        """Removes every library that no process is building at the moment, and what dead processes left.

        Returns:
            The bytes that became free.
        """
        if self.folder is None or not self.folder.is_dir():
            return 0
        digests = {name.split(".")[0] for name in os.listdir(self.folder) if _OURS.fullmatch(name)}
        freed = sum(_remove_unless_locked(self.folder, digest) for digest in digests)
        return freed + _remove_abandoned(self.folder)

    def _found(self, digest: str) -> Path | None:
        found = None
        if self.folder is not None and _refusal(self.folder) is None:
            found = _checked(self.folder, digest)
        if found is None and _has_temporary_folder():
            found = _checked(_temporary_folder(os.getpid()), digest)
        return found

    def _built_elsewhere(self, order: _Order, error: OSError) -> Path:
        # The text is the same each time, so that Python shows it once.
        warnings.warn(
            f"the cache of compiled models in {self.folder} cannot be used ({error.strerror or error}): libraries are "
            "built anew in every process; set EMBER_CACHE_DIR to a folder of your own",
            RuntimeWarning,
            stacklevel=3,
        )
        try:
            # Made again where the machine has cleaned up meanwhile.
            return _built_once(_ready(_temporary_folder(os.getpid()), by_default=False), order)
        except OSError as second:
            raise CompileError(
                f"no folder takes the compiled model: {self.folder}: {error}; a temporary folder: {second}",
                advice="set EMBER_CACHE_DIR or TMPDIR to a folder that can be written and has room",
            ) from second

    def _trim(self, folder: Path, newest: str) -> None:
        """Drops the least recently used libraries, never the newest."""
        kept = 0
        for _, entry in _by_last_use(folder):
            kept += entry.size
            if kept > self._most_bytes and entry.digest != newest:
                kept -= _remove_unless_locked(folder, entry.digest)


@dataclass(frozen=True, slots=True)
class _Order:
    """One library to be built."""

    digest: str
    build: Callable[[Path], None]
    model: str
    target: str
    compiler: str

    def __str__(self) -> str:
        target = f" for {self.target}" if self.target else ""
        compiler = f" with {self.compiler}" if self.compiler else ""
        return f"{self.model or 'a model'}{target}{compiler}"


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


def version() -> str:
    """Of Ember Infer, for people."""
    import importlib.metadata  # heavy, and only a build needs it

    try:
        return importlib.metadata.version("ember-infer")
    except importlib.metadata.PackageNotFoundError:  # a copied folder
        return "unknown"


# ---- the folder


def _ready(folder: Path | None, *, by_default: bool) -> Path:
    """The folder, made if need be; an OSError where it must not be used."""
    if folder is None:
        raise OSError(errno.ENOENT, "there is no home folder")
    reason = _refusal(folder)
    if reason is None:
        _make_folder(folder, by_default=by_default)
        reason = _refusal(folder)
    if reason is not None:
        raise OSError(errno.EACCES, reason)
    _remove_abandoned(folder)
    return folder


def _refusal(folder: Path) -> str | None:
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


def _is_trusted(status: os.stat_result) -> bool:
    """Ours, or root's, who can do as root likes anyway: an image may come with a cache."""
    return not hasattr(os, "geteuid") or status.st_uid in (os.geteuid(), 0)


def _others_may_write(status: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and bool(status.st_mode & _OTHERS_MAY_WRITE)


def _make_folder(folder: Path, *, by_default: bool) -> None:
    if folder.is_dir():
        return
    ancestor = next(parent for parent in folder.parents if parent.exists())
    if by_default and not _is_trusted(ancestor.stat()):
        # sudo with the home of a user, who could not write here ever after
        raise OSError(errno.EACCES, f"{ancestor} belongs to another user")
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


@functools.cache
def _temporary_folder(process: int) -> Path:
    """A folder for one process: a child of fork has another."""
    folder = Path(tempfile.mkdtemp(prefix="ember-infer-"))
    atexit.register(_remove_temporary_folder, folder, process)
    return folder


def _has_temporary_folder() -> bool:
    return _temporary_folder.cache_info().currsize > 0


def _remove_temporary_folder(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


# ---- one library


def _checked(folder: Path, digest: str) -> Path | None:
    """The library, if it is whole and nobody else's, and marks it as used."""
    entry = _record(folder, digest)
    if entry is None:
        return None
    path = folder / (digest + _SUFFIX)
    content = _trusted_bytes(path)
    if content is None:
        return None
    if len(content) != entry.size or hashlib.sha256(content).hexdigest() != entry.sha256:
        return None
    with contextlib.suppress(OSError):  # a cache that can only be read serves as well
        os.utime(folder / f"{digest}.json")
    return path


def _record(folder: Path, digest: str) -> CacheEntry | None:
    content = _trusted_bytes(folder / f"{digest}.json")
    if content is None:
        return None
    try:
        entry = CacheEntry(**json.loads(content))
    except (ValueError, TypeError):
        return None
    numbers = all(isinstance(number, int | float) for number in (entry.size, entry.seconds, entry.built))
    return entry if numbers and entry.digest == digest else None


def _trusted_bytes(path: Path) -> bytes | None:
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


def _built_once(folder: Path, order: _Order) -> Path:
    """Builds, unless another process or thread has done so by the time we have the lock."""
    with _counted(order), file_lock(folder / f"{order.digest}.lock", _PATIENCE_SECONDS):
        found = _checked(folder, order.digest)
        if found is not None:
            return found
        path = folder / (order.digest + _SUFFIX)
        if path.exists():
            _LOG.warning("%s is incomplete, damaged or may be written by others: it is built again", path)
        return _built(path, order)


def _built(path: Path, order: _Order) -> Path:
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
    return path


def _publish(written: Path, path: Path) -> None:
    """Moves a file into place once the disk has it, so that there is the whole of it or nothing."""
    written.chmod(0o600)
    with open(written, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(written, path)


@contextlib.contextmanager
def _counted(order: _Order) -> Iterator[None]:
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


# ---- many processes


class _Lock(Enum):
    """How an attempt to lock ended. Where there are no locks two may build the same library: both succeed."""

    HELD = "held"
    BUSY = "another process or thread still has it"
    UNKNOWN = "the platform or the file system knows no locks"


@contextlib.contextmanager
def file_lock(path: Path, patience: float) -> Iterator[_Lock]:
    """Keeps other processes and threads out, if it is had within ``patience`` seconds."""
    descriptor = _acquired(path, patience)
    if isinstance(descriptor, _Lock):
        yield descriptor
        return
    try:
        yield _Lock.HELD
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)  # while it is ours: whoever waits for it looks again
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a child of fork may have the same open file
        os.close(descriptor)


def _acquired(path: Path, patience: float) -> int | _Lock:
    """The open file that is locked, or why there is none."""
    if fcntl is None:
        return _Lock.UNKNOWN
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
                return _Lock.BUSY
            time.sleep(_POLL_SECONDS)
        except OSError:
            os.close(descriptor)
            return _Lock.UNKNOWN
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the file that is locked is the one that others will find."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


# ---- housekeeping


def _by_last_use(folder: Path) -> list[tuple[float, CacheEntry]]:
    found: list[tuple[float, CacheEntry]] = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        entry = _record(folder, path.stem)
        with contextlib.suppress(OSError):  # another process may have removed it
            if entry is not None:
                found.append((path.stat().st_mtime, entry))
    return sorted(found, key=lambda item: (-item[0], item[1].digest))


def _remove_unless_locked(folder: Path, digest: str) -> int:
    with contextlib.suppress(OSError), file_lock(folder / f"{digest}.lock", 0.0) as lock:
        return 0 if lock is _Lock.BUSY else _remove(folder, digest)
    return 0


def _remove(folder: Path, digest: str) -> int:
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
            if lock is _Lock.HELD or (lock is _Lock.UNKNOWN and is_old):
                freed += sum(path.lstat().st_size for path in work.rglob("*") if path.is_file())
                shutil.rmtree(work)
    return freed
