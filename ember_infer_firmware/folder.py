"""A folder that is written as a whole or not at all, and replaced only if it was made here."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ember_infer_native.checked_files import OpenFile

__all__ = ["MANIFEST", "check_target", "write_folder"]

MANIFEST = "ember-infer.json"
_FORMAT = "ember-infer export 1"
_MOST_MANIFEST = 1 << 20  # bytes: those of the largest models have some kilobytes
_STREWN = frozenset((".DS_Store", "Thumbs.db", "desktop.ini"))  # by systems that show a folder: nobody misses them


def check_target(folder: Path, force: bool) -> None:
    """Makes sure that the folder can be written.

    Args:
        folder: that will be.
        force: whether one that an export made before may be replaced.

    Raises:
        OSError: there is something that is not to be replaced.
    """
    _check_above(folder)
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise _refused(folder, errno.ENOTDIR, "it is no folder")
    if not any(folder.iterdir()):
        return
    _check_made(folder, folder)
    if not force:
        raise _refused(folder, errno.EEXIST, "it holds an export already: --force (force=True) replaces it")


def write_folder(folder: Path, files: Mapping[str, str], about: Mapping[str, object], *, force: bool) -> None:
    """Writes the files and a manifest beside the folder, and then puts them in its place.

    Args:
        folder: that will be; those above it are made.
        files: content by path.
        about: more for the manifest.
        force: see :func:`check_target`.

    Raises:
        OSError: it cannot be written, or there is something that is not to be replaced; all is as it was.
    """
    check_target(folder, force)
    folder = folder.resolve()
    sums = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sorted(files.items())}
    manifest = {"format": _FORMAT, **about, "files": sums}
    with _made_above(folder.parent), _work_folder(folder.parent) as work:
        new = work / "new"
        for path, text in {**files, MANIFEST: json.dumps(manifest, indent=2) + "\n"}.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="utf-8", newline="\n")
        _exchange(new, folder, work / "old")


def _exchange(new: Path, folder: Path, old: Path) -> None:
    """Both or neither, also where somebody presses Ctrl-C between the two."""
    try:
        if folder.exists():
            folder.rename(old)
            if any(old.iterdir()):  # what came in since the first look; from now on nobody finds the way
                _check_made(old, folder)
        new.rename(folder)
    except BaseException:
        if old.exists() and new.exists():
            old.rename(folder)
        raise


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A new folder, which is gone in the end, unless the old one is in it and could not go back."""
    try:
        work = Path(tempfile.mkdtemp(dir=parent, prefix=".ember-export-"))
    except OSError as error:  # which names a folder that nobody has heard of
        raise _refused(parent, error.errno or errno.EIO, f"nothing can be made in it: {error.strerror}") from error
    try:
        yield work
    finally:
        if not ((work / "old").exists() and (work / "new").exists()):
            shutil.rmtree(work, onerror=_again_with_permission)


def _again_with_permission(remove: Callable[..., Any], path: str, error: object) -> None:
    """What was made is ours to delete, though its folder may have been made read-only since."""
    os.chmod(os.path.dirname(path), 0o700)
    remove(path)


@contextlib.contextmanager
def _made_above(parent: Path) -> Iterator[None]:
    """Makes a folder and those above it; those that nothing came into are gone in the end."""
    missing = [one for one in (parent, *parent.parents) if not one.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for one in missing:
            with contextlib.suppress(OSError):
                one.rmdir()


def _check_above(folder: Path) -> None:
    """Makes sure that the folder is no part of an export: that one could not be replaced any more."""
    for above in Path(os.path.realpath(folder)).parents:
        if _made(above) is not None:
            raise _refused(folder, errno.EEXIST, f"it lies in an export, {above}: take a folder beside that")


def _check_made(folder: Path, shown: Path) -> None:
    """Makes sure that all that is in the folder, which messages call ``shown``, is as an export made it."""
    made = _made(folder)
    if made is None:
        raise _refused(shown, errno.ENOTEMPTY, "it holds other things than an export, and is left alone")
    others = sorted(_others(folder, made))
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise _refused(shown, errno.ENOTEMPTY, f"it holds {others[0]}{more}, which no export made, and is left alone")
    edited = [path for path, sha256 in made.items() if _is_edited(folder / path, sha256)]
    if edited:
        more = f" and {len(edited) - 1} more" if len(edited) > 1 else ""
        reason = f"it holds {edited[0]}{more}, edited since an export made it, and is left alone"
        raise _refused(shown, errno.ENOTEMPTY, reason)


def _is_edited(path: Path, sha256: str) -> bool:
    """Whether what is there now is something else; what has gone is nothing that could be lost."""
    if not os.path.lexists(path):
        return False
    try:
        with OpenFile(path) as file:
            return not file.has(file.status.st_size, sha256)
    except OSError:  # a link, a FIFO, or what may not be read
        return True


def _others(folder: Path, made: Mapping[str, str]) -> Iterator[str]:
    """What is in the folder besides what was made; one that may not be read may hold anything, and is an error."""
    folders = {str(above) for path in made for above in PurePosixPath(path).parents}
    for where, below, names in os.walk(folder, onerror=_raise):
        at = PurePosixPath(Path(where).relative_to(folder).as_posix())
        links = (name for name in below if os.path.islink(os.path.join(where, name)))
        found = (str(at / name) for name in (*names, *links) if name not in _STREWN)
        yield from (path for path in found if path not in made and path != MANIFEST)
        if not below and not names and str(at) not in folders:
            yield str(at)


def _raise(error: OSError) -> None:
    raise error


def _made(folder: Path) -> dict[str, str] | None:
    """The files of an export and their checksums, if this is one; only those that are in it."""
    try:
        with OpenFile(folder / MANIFEST) as file:
            manifest = json.loads(file.read(_MOST_MANIFEST).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        return None
    files = manifest.get("files")
    if not isinstance(files, dict):
        return None
    inside = {path for path in files if not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts}
    return {path: str(files[path]) for path in sorted(inside)}


def _refused(folder: Path, number: int, reason: str) -> OSError:
    return OSError(number, reason, str(folder))
