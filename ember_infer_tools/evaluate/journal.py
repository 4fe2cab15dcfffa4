"""How far an evaluation has come, in a file that is whole at any moment: one that was killed goes on from there."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ember_infer_native.checked_files import OpenFile
from ember_infer_native.file_lock import Lock, file_lock
from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.plan import Plan
from ember_infer_tools.evaluate.sums import Sums, whole_number

__all__ = ["Journal", "open_journal"]

_FORMAT = 1
_MOST_BYTES = 1 << 30
# What is made beside the file begins so: names that are nobody else's, so that it can be removed.
_BESIDE = ".ember-resume-"
_SECONDS = 1.0  # between two writes: so much work at most is done again after a kill


class Journal:
    """The sums of finished pieces, and which these are: written together, so that none is counted twice or lost.

    Args:
        path: of the file; None to keep nothing.
        identity: what must be the same for somebody to go on, by name.
        total: of finished pieces.
        until: all pieces before this one are finished.
        beyond: those that are finished, too.
    """

    def __init__(
        self, path: Path | None, identity: dict[str, str], total: Sums, until: int = 0, beyond: Iterable[int] = ()
    ) -> None:
        self.total = total
        self._path = path
        self._identity = identity
        self._until = until
        self._beyond = set(beyond)
        self._written = time.monotonic()
        self._whole = True

    def __contains__(self, piece: int) -> bool:
        return piece < self._until or piece in self._beyond

    def add(self, pieces: Iterable[int], sums: Sums) -> None:
        """Counts some finished pieces."""
        self._whole = False
        self._beyond.update(pieces)
        while self._until in self._beyond:
            self._beyond.remove(self._until)
            self._until += 1
        self.total.add(sums)
        self._whole = True
        if time.monotonic() - self._written >= _SECONDS:
            self.write()

    def write(self) -> None:
        """Replaces the file by one that says all; not amid an addition that Ctrl-C has ended."""
        self._written = time.monotonic()
        if self._path is None or not self._whole:
            return
        content = {
            "format": _FORMAT,
            "identity": self._identity,
            "until": self._until,
            "beyond": sorted(self._beyond),
            "sums": self.total.to_json(),
        }
        new = _beside(self._path, "new")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)  # of a run that was killed; and nobody's link is followed
        try:
            with open(new, "x", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(new)
            raise OSError(error.errno, f"cannot be written: {error.strerror}", str(self._path)) from error
        _sync_folder(self._path.parent)


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f"{_BESIDE}{path.name}.{kind}")


def _sync_folder(folder: Path) -> None:
    """So that the new name outlives a loss of power, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# What comes of reading something that --resume has not written: numbers without end, others in place of texts.
_LIES = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


@contextmanager
def open_journal(path: Path | None, identity: dict[str, str], plan: Plan, sides: int) -> Iterator[Journal]:
    """The journal of an evaluation: the file's, if there is one; written once more at the end, however that comes.

    Raises:
        EvaluationError: the file is of another evaluation, damaged, or in use.
    """
    if path is None:
        yield Journal(None, identity, Sums.empty(plan, sides))
        return
    if not path.parent.is_dir():
        raise EvaluationError(f"{path}: there is no folder {path.parent}: make it first")
    with file_lock(_beside(path, "lock"), patience=0) as lock:
        if lock is Lock.BUSY:
            raise EvaluationError(f"{path}: another evaluation is at work on it: name another file, or wait for it")
        journal = _read(path, identity, plan, sides)
        journal.write()  # now it is known whether the place can be written to
        try:
            yield journal
        finally:
            journal.write()


def _read(path: Path, identity: dict[str, str], plan: Plan, sides: int) -> Journal:
    if not os.path.lexists(path):
        return Journal(path, identity, Sums.empty(plan, sides))
    try:
        with OpenFile(path) as file:
            content: dict[str, Any] = json.loads(file.read(min(file.status.st_size, _MOST_BYTES)))
        known, found = content["format"], dict(content["identity"])
    except (OSError, *_LIES) as error:  # a link and a FIFO, too
        raise _damaged(path) from error
    if known != _FORMAT:
        raise EvaluationError(f"{path}: of another version of Ember Infer: name another file, or delete it")
    other = [name for name in identity if found.get(name) != identity[name]]
    if other:
        raise EvaluationError(
            f"{path}: it is of another evaluation ({', '.join(other)}): name another file, or delete it"
        )
    try:
        total = Sums.empty(plan, sides)
        total.add(Sums.from_json(plan, content["sums"]))
        return Journal(path, identity, total, whole_number(content["until"]), map(whole_number, content["beyond"]))
    except _LIES as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> EvaluationError:
    return EvaluationError(f"{path}: no file that --resume has written: name another one")
