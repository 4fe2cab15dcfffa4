"""Samples of arrays: in memory, ``.npy`` files, and ``.npz`` archives, of which no more is read than is at work."""

from __future__ import annotations

import functools
import hashlib
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from ember_infer_core.slots import AnyArray
from ember_infer_tools.compare.inputs import require_file, why_unreadable
from ember_infer_tools.evaluate.blocks import Block, Piece
from ember_infer_tools.evaluate.errors import EvaluationError

__all__ = ["ArraySource", "FileArray", "MappedSource", "archive_arrays", "array_file", "file_identity", "map_array"]

_LOCAL_HEADER = 30
_DIGESTED = 1 << 20


@dataclass(frozen=True, slots=True)
class FileArray:
    """An array in a file, and where in it; small enough to be sent anywhere.

    Attributes:
        path: of the file, absolute.
        offset: of the first element.
        shape: samples first.
        dtype: as NumPy writes it.
    """

    path: str
    offset: int
    shape: tuple[int, ...]
    dtype: str


A = TypeVar("A", bound=FileArray | AnyArray)


@functools.lru_cache(maxsize=16)
def map_array(array: FileArray) -> AnyArray:
    """The array, mapped into memory: what is read of it comes from the disk, and may go again."""
    return np.memmap(array.path, np.dtype(array.dtype), "r", array.offset, array.shape)


def array_file(path: Path) -> FileArray:
    """The array of a ``.npy`` file.

    Raises:
        EvaluationError: no such file, or not of that kind.
    """
    try:
        require_file(path)
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy has one of every kind for a header that lies
        raise EvaluationError(f"{path}: {why_unreadable(error)}") from error
    if not isinstance(mapped, np.memmap):
        raise EvaluationError(f"{path}: an .npz archive under another name: call it .npz")
    if not mapped.flags.c_contiguous:
        raise EvaluationError(f"{path}: its array is in Fortran's order: save np.ascontiguousarray(array)")
    return FileArray(str(path.absolute()), mapped.offset, mapped.shape, mapped.dtype.str)


def archive_arrays(path: Path) -> dict[str, FileArray]:
    """The arrays of an ``.npz`` archive by name.

    Raises:
        EvaluationError: no such file, not of that kind, or compressed.
    """
    try:
        require_file(path)
        with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
            return {
                member.filename.removesuffix(".npy"): _member(path, file, member)
                for member in archive.infolist()
                if member.filename.endswith(".npy")
            }
    except EvaluationError:
        raise
    except Exception as error:  # NumPy and zipfile have one of every kind for what lies
        raise EvaluationError(f"{path}: {why_unreadable(error)}") from error


def _member(path: Path, file: Any, member: zipfile.ZipInfo) -> FileArray:
    """Where in the archive an array's elements lie."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise EvaluationError(
            f"{path}: {member.filename} is compressed, and cannot be read in parts: save it with np.savez, or as .npy"
        )
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(member.header_offset + _LOCAL_HEADER + names)
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read_header(file)
    shape = tuple(map(int, shape))  # True is a number to NumPy's check
    if dtype.hasobject or (fortran and len(shape) > 1):
        raise EvaluationError(f"{path}: {member.filename} holds Python objects, or Fortran's order: save plain arrays")
    begin = member.header_offset + _LOCAL_HEADER + names
    room = member.file_size - (file.tell() - begin)
    # What lies behind a member is another one's, which must not count as samples.
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > room or member.flag_bits & 1:
        raise EvaluationError(f"{path}: {member.filename} is damaged: its array {shape} is not all there")
    return FileArray(str(path.absolute()), file.tell(), shape, dtype.str)


def file_identity(path: str | Path) -> str:
    """A file as it is now: its path, length and time of change."""
    status = Path(path).stat()
    return f"{Path(path).absolute()} {status.st_size} {status.st_mtime_ns}"


@dataclass(frozen=True, slots=True)
class _MappedPiece:
    """Some rows of arrays in files."""

    inputs: tuple[FileArray, ...]
    labels: FileArray | None
    first: int
    end: int

    def load(self) -> Block:
        """See :class:`Piece`."""
        rows = slice(self.first, self.end)
        labels = None if self.labels is None else np.array(map_array(self.labels)[rows])
        return Block(self.first, tuple(map_array(array)[rows] for array in self.inputs), labels)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows(Generic[A]):
    """Arrays, one for each input of the model, a sample in each row."""

    inputs: tuple[A, ...]
    labels: A | None

    def __post_init__(self) -> None:
        if any(not array.shape for array in self._arrays):
            raise EvaluationError("data: an array without a first axis holds no samples: give one sample in each row")
        if all(0 in (*array.shape[1:], np.dtype(array.dtype).itemsize) for array in self._arrays):
            raise EvaluationError("data: an array whose rows have no elements: there is nothing to evaluate")
        counts = [array.shape[0] for array in self._arrays]
        if len(set(counts)) != 1:
            raise EvaluationError(f"data: inputs and labels hold different numbers of samples: {counts}")

    @property
    def _arrays(self) -> tuple[A, ...]:
        return self.inputs if self.labels is None else (*self.inputs, self.labels)

    @property
    def count(self) -> int:
        """See :class:`Source`."""
        return int(self.inputs[0].shape[0])

    @property
    def labelled(self) -> bool:
        """See :class:`Source`."""
        return self.labels is not None


class MappedSource(_Rows[FileArray]):
    """Arrays in files. Whoever runs a piece maps it itself."""

    @property
    def identity(self) -> str:
        """See :class:`Source`."""
        return "; ".join(f"{file_identity(array.path)} {array.offset} {array.shape}" for array in self._arrays)

    def pieces(self, size: int) -> Iterator[Piece]:
        """See :class:`Source`."""
        for first in range(0, self.count, size):
            yield _MappedPiece(self.inputs, self.labels, first, min(first + size, self.count))


class ArraySource(_Rows[AnyArray]):
    """Arrays in memory."""

    @property
    def identity(self) -> str:
        """See :class:`Source`: shapes, types, and the first rows."""
        digest = hashlib.sha256()
        for array in self._arrays:
            rows = max(1, _DIGESTED // max(1, array[:1].nbytes))
            digest.update(f"{array.shape} {array.dtype.str} ".encode())
            digest.update(np.ascontiguousarray(array[:rows]).tobytes())
        return f"arrays {digest.hexdigest()}"

    def pieces(self, size: int) -> Iterator[Piece]:
        """See :class:`Source`."""
        for first in range(0, self.count, size):
            rows = slice(first, first + size)
            labels = None if self.labels is None else self.labels[rows]
            yield Block(first, tuple(array[rows] for array in self.inputs), labels)
