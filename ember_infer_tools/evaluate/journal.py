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

from ember_infer_native.file_lock import Lock, file_lock
from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.plan import Plan
from ember_infer_tools.evaluate.sums import Sums

__all__ = ["Journal", "open_journal"]

_FORMAT = 1
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
        new = self._path.with_name(f"{self._path.name}.new")
        with open(new, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._path)
        _sync_folder(self._path.parent)


def _sync_folder(folder: Path) -> None:
    """So that the new name outlives a loss of power, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def open_journal(path: Path | None, identity: dict[str, str], plan: Plan, sides: int) -> Iterator[Journal]:
    """The journal of an evaluation: the file's, if there is one; written once more at the end, however that comes.

    Raises:
        EvaluationError: the file is of another evaluation, damaged, or in use.
    """
    if path is None:
        yield Journal(None, identity, Sums.empty(plan, sides))
        return
    with file_lock(path.with_name(f"{path.name}.lock"), patience=0) as lock:
        if lock is Lock.BUSY:
            raise EvaluationError(f"{path}: another evaluation is at work on it: name another file, or wait for it")
        journal = _read(path, identity, plan, sides)
        journal.write()  # now it is known whether the place can be written to
        try:
            yield journal
        finally:
            journal.write()


def _read(path: Path, identity: dict[str, str], plan: Plan, sides: int) -> Journal:
    if not path.exists():
        return Journal(path, identity, Sums.empty(plan, sides))
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        known, found = content["format"], dict(content["identity"])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    if known != _FORMAT:
        raise EvaluationError(f"{path}: of another version of Ember Infer: name another file, or delete it")
    other = [name for name in identity if found.get(name) != identity[name]]
    if other:
        raise EvaluationError(
            f"{path}: it is of another evaluation ({', '.join(other)}): name another file, or delete it"
        )
    try:
        total = Sums.from_json(plan, content["sums"])
        return Journal(path, identity, total, int(content["until"]), map(int, content["beyond"]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> EvaluationError:
    return EvaluationError(f"{path}: no file that --resume has written: name another one")
