"""A folder that is written as a whole or not at all, and replaced only if it was made here."""

from __future__ import annotations

import contextlib
import errno
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


def check_target(folder: Path, force: bool) -> None:
    """Makes sure that the folder can be written.

    Args:
        folder: that will be.
        force: whether one that an export made before may be replaced.

    Raises:
        OSError: there is something that is not to be replaced.
    """
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise _refused(folder, errno.ENOTDIR, "it is no folder")
    if not any(folder.iterdir()):
        return
    _check_made(folder, folder)
    if not force:
        raise _refused(folder, errno.EEXIST, "it holds an export already: --force (force=True) replaces it")


def write_folder(folder: Path, files: Mapping[str, str], about: Mapping[str, str], *, force: bool) -> None:
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
    manifest = {"format": _FORMAT, **about, "files": sorted([*files, MANIFEST])}
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
    work = Path(tempfile.mkdtemp(dir=parent, prefix=".ember-export-"))
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


def _check_made(folder: Path, shown: Path) -> None:
    """Makes sure that an export made all that is in the folder, which messages call ``shown``."""
    made = _made(folder)
    if made is None:
        raise _refused(shown, errno.ENOTEMPTY, "it holds other things than an export, and is left alone")
    others = sorted(_others(folder, made))
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise _refused(shown, errno.ENOTEMPTY, f"it holds {others[0]}{more}, which no export made, and is left alone")


def _others(folder: Path, made: set[str]) -> Iterator[str]:
    """What is in the folder besides what was made; one that may not be read may hold anything, and is an error."""
    folders = {str(above) for path in made for above in PurePosixPath(path).parents}
    for where, below, names in os.walk(folder, onerror=_raise):
        at = PurePosixPath(Path(where).relative_to(folder).as_posix())
        links = (name for name in below if os.path.islink(os.path.join(where, name)))
        yield from (path for name in (*names, *links) if (path := str(at / name)) not in made)
        if not below and not names and str(at) not in folders:
            yield str(at)


def _raise(error: OSError) -> None:
    raise error


def _made(folder: Path) -> set[str] | None:
    """The files of an export, if this is one."""
    try:
        with OpenFile(folder / MANIFEST) as file:
            manifest = json.loads(file.read(_MOST_MANIFEST).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        return None
    files = manifest.get("files")
    return {str(file) for file in files} if isinstance(files, list) else None


def _refused(folder: Path, number: int, reason: str) -> OSError:
    return OSError(number, reason, str(folder))
