"""A folder that is written as a whole or not at all, and replaced only if it was made here."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["MANIFEST", "check_target", "write_folder"]

MANIFEST = "ember-infer.json"
_FORMAT = "ember-infer export 1"


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
    found = set(_files(folder))
    if not found and not any(folder.iterdir()):
        return
    made = _made(folder)
    if made is None:
        raise _refused(folder, errno.ENOTEMPTY, "it holds other things than an export, and is left alone")
    others = sorted(found - made)
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise _refused(folder, errno.ENOTEMPTY, f"it holds {others[0]}{more}, which no export made, and is left alone")
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
    with _made_above(folder.parent), tempfile.TemporaryDirectory(dir=folder.parent, prefix=".ember-export-") as work:
        new = Path(work) / "new"
        for path, text in {**files, MANIFEST: json.dumps(manifest, indent=2) + "\n"}.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="utf-8", newline="\n")
        _exchange(new, folder, Path(work) / "old")


def _exchange(new: Path, folder: Path, old: Path) -> None:
    had = folder.exists()
    if had:
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if had:
            old.rename(folder)
        raise


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


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if not path.is_dir() or path.is_symlink():
            yield path.relative_to(folder).as_posix()


def _made(folder: Path) -> set[str] | None:
    """The files of an export, if this is one."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        return None
    files = manifest.get("files")
    return {str(file) for file in files} if isinstance(files, list) else None


def _refused(folder: Path, number: int, reason: str) -> OSError:
    return OSError(number, reason, str(folder))
