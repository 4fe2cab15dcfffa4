"""Samples that are files: recordings and pictures, in a folder for each class."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ember_infer_core.slots import AnyArray
from ember_infer_tools.compare.inputs import require_file
from ember_infer_tools.evaluate.arrays import file_identity
from ember_infer_tools.evaluate.blocks import Block, Piece, Unreadable
from ember_infer_tools.evaluate.errors import EvaluationError, needed

__all__ = ["SUFFIXES", "FolderSource", "read_sample"]

_PICTURES = (".bmp", ".png")
SUFFIXES = (".wav", *_PICTURES)
# What Pillow may take a file for: of all that it knows some would run other programs, such as PostScript's.
_FORMATS = ("BMP", "PNG")
_GREY = ("1", "L", "I;16", "I")
_WIDTHS: dict[int, Any] = {1: np.uint8, 2: np.int16, 4: np.int32}


@dataclass(frozen=True, slots=True)
class _FilesPiece:
    """Some files and their classes."""

    first: int
    files: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[int, ...] | None

    def load(self) -> Block:
        """See :class:`Piece`."""
        return Block(self.first, ([_sample(path) for path in self.files],), self.labels, self.names)


class FolderSource:
    """A folder with a folder for each class, in the order of names, or with files and no classes.

    Args:
        folder: which.

    Raises:
        EvaluationError: there is nothing to read in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder: Path = folder
        self.classes: tuple[str, ...] = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
        places = [folder / name for name in self.classes] or [folder]
        self._files: list[tuple[Path, int]] = [
            (path, label)
            for label, place in enumerate(places)
            for path in sorted(place.rglob("*"))
            if path.suffix.lower() in SUFFIXES
        ]
        if not self._files:
            raise EvaluationError(f"{folder}: no {', '.join(SUFFIXES)} in it, nor in folders of it named after classes")
        if any(path.suffix.lower() in _PICTURES for path, _ in self._files):
            needed("PIL.Image", "a folder of pictures")

    @property
    def count(self) -> int:
        """See :class:`Source`."""
        return len(self._files)

    @property
    def labelled(self) -> bool:
        """See :class:`Source`."""
        return bool(self.classes)

    @property
    def identity(self) -> str:
        """See :class:`Source`."""
        first, last = (file_identity(self._files[place][0]) for place in (0, -1))
        return f"{self.count} files, {first} to {last}, classes {', '.join(self.classes)}"

    def pieces(self, size: int) -> Iterator[Piece]:
        """See :class:`Source`."""
        for first in range(0, self.count, size):
            part = self._files[first : first + size]
            names = tuple(str(path.relative_to(self._folder)) for path, _ in part)
            labels = tuple(label for _, label in part) if self.classes else None
            yield _FilesPiece(first, tuple(str(path.absolute()) for path, _ in part), names, labels)


def _sample(path: str) -> AnyArray | Unreadable:
    try:
        return read_sample(path)
    except Exception as error:  # Pillow and wave have one of every kind for what lies; a bomb's is its own
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Unreadable(f"cannot be read: {reason or type(error).__name__}")


def read_sample(path: str) -> AnyArray:
    """What a file holds, unchanged.

    ``(frames,)`` or ``(frames, channels)`` of a recording, in its own width; ``(height, width)`` of a grey picture,
    ``(height, width, 3)`` of one in colour.
    """
    require_file(Path(path))
    if path.lower().endswith(".wav"):
        return _recording(path)
    image = needed("PIL.Image", "a folder of pictures")
    with image.open(path, formats=_FORMATS) as picture:
        return np.asarray(picture if picture.mode in _GREY else picture.convert("RGB"))


def _recording(path: str) -> AnyArray:
    with wave.open(path) as recording:
        width, channels = recording.getsampwidth(), recording.getnchannels()
        if width not in _WIDTHS:
            raise ValueError(f"{8 * width} bits a sample: 8, 16 and 32 are known")
        frames = np.frombuffer(recording.readframes(recording.getnframes()), _WIDTHS[width])
    return frames if channels == 1 else frames.reshape(-1, channels)
