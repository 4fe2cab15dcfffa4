"""Samples that come one after the other: any iterable, and Parquet files."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ember_infer_tools.compare.inputs import require_file
from ember_infer_tools.evaluate.arrays import file_identity
from ember_infer_tools.evaluate.blocks import Block, Piece, Unreadable
from ember_infer_tools.evaluate.errors import EvaluationError, needed

__all__ = ["IterableSource", "ParquetSource", "block_of"]

_END = object()
_MISSING = Unreadable("a value is missing")


def block_of(first: int, samples: list[Any], labels: list[Any] | None, inputs: int) -> Block:
    """A block of samples as an iterable gives them.

    Without labels of their own, a tuple with one part more than the model has inputs ends with the label. A value that
    has no such parts is taken as a whole, and fails later, by its number.
    """
    if labels is None and samples and isinstance(samples[0], tuple) and len(samples[0]) == inputs + 1:
        labels = [sample[-1] for sample in samples]
        samples = [sample[:-1] if inputs > 1 else sample[0] for sample in samples]
    if inputs == 1:
        return Block(first, (samples,), labels)
    return Block(first, tuple([sample[index] for sample in samples] for index in range(inputs)), labels)


@dataclass(frozen=True, slots=True, eq=False)
class IterableSource:
    """Any iterable of samples, or of ``(sample, label)``.

    Attributes:
        samples: what is iterated over, once.
        labels: another iterable of as many; None where samples bring theirs, or there are none.
        inputs: of the model.
    """

    samples: Iterable[Any]
    labels: Iterable[Any] | None
    inputs: int

    @property
    def count(self) -> int | None:
        """See :class:`Source`."""
        return len(self.samples) if isinstance(self.samples, Sized) else None

    @property
    def labelled(self) -> bool:
        """See :class:`Source`; whether a sample brings its label is seen when it comes."""
        return True

    @property
    def identity(self) -> str:
        """See :class:`Source`: nobody knows what an iterable will give."""
        return f"iterable of {self.count}"

    def pieces(self, size: int) -> Iterator[Piece]:
        """See :class:`Source`."""
        samples = iter(self.samples)
        labels = None if self.labels is None else iter(self.labels)
        for number in itertools.count():
            taken = list(itertools.islice(samples, size))
            own = None if labels is None else list(itertools.islice(labels, len(taken)))
            if own is not None and len(own) < len(taken):
                raise EvaluationError(f"labels: {number * size + len(own)} of them, and more samples")
            if not taken:
                if labels is not None and next(labels, _END) is not _END:
                    raise EvaluationError(f"labels: more than the {number * size} samples")
                return
            yield block_of(number * size, taken, own, self.inputs)
            if len(taken) < size and labels is not None and next(labels, _END) is not _END:
                raise EvaluationError(f"labels: more than the {number * size + len(taken)} samples")


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """A Parquet file: a column of labels; the others are inputs.

    One column of lists is an input of the model, as are several for a model of several inputs; of columns of numbers
    each is one element of the only input, in the file's order.

    Attributes:
        path: of the file.
        label: name of the column of labels; None where there are none.
        inputs: of the model.
    """

    path: Path
    label: str | None
    inputs: int

    def __post_init__(self) -> None:
        names = self._file().schema_arrow.names
        if len(set(names)) < len(names):
            raise EvaluationError(f"{self.path}: two columns have one name: {', '.join(names)}")
        if self.label is not None and self.label not in names:
            raise EvaluationError(f"{self.path}: no column {self.label!r} for --labels: there are {', '.join(names)}")

    def _file(self) -> Any:
        parquet = needed("pyarrow.parquet", "a Parquet file")
        try:
            require_file(self.path)
            return parquet.ParquetFile(self.path)
        except Exception as error:  # pyarrow's own are of many kinds
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> EvaluationError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return EvaluationError(f"{self.path}: {' '.join(reason.split())}")

    @property
    def count(self) -> int:
        """See :class:`Source`."""
        return int(self._file().metadata.num_rows)

    @property
    def labelled(self) -> bool:
        """See :class:`Source`."""
        return self.label is not None

    @property
    def identity(self) -> str:
        """See :class:`Source`."""
        return f"{file_identity(self.path)} {self.label}"

    def pieces(self, size: int) -> Iterator[Piece]:
        """See :class:`Source`."""
        file = self._file()
        first = 0
        tables = _exactly(file.iter_batches(batch_size=size), size)
        while True:
            try:
                table = next(tables, None)
                if table is None:
                    return
                block = self._block(first, table)
            except EvaluationError:
                raise
            except Exception as error:  # a damaged page, a type that NumPy does not have
                raise self._unreadable(error) from error
            yield block
            first += table.num_rows

    def _block(self, first: int, table: Any) -> Block:
        columns = {name: table.column(name) for name in table.schema.names if name != self.label}
        # Labels stay one by one where some are missing: in one array these would make all of them objects.
        labels = None if self.label is None else table.column(self.label).to_pylist()
        return Block(first, self._inputs(columns), labels if labels is None or None in labels else np.array(labels))

    def _inputs(self, columns: dict[str, Any]) -> tuple[Any, ...]:
        types = needed("pyarrow", "a Parquet file").types
        if not columns:
            raise EvaluationError(f"{self.path}: no column of inputs")
        values = [_values(column, types) for column in columns.values()]
        if all(isinstance(value, np.ndarray) and value.ndim == 1 for value in values) and self.inputs == 1:
            rows = np.stack(values, axis=1)
            missing = np.any([column.is_null().to_numpy() for column in columns.values()], axis=0)
            return (
                [_MISSING if gap else row for row, gap in zip(rows, missing, strict=True)] if missing.any() else rows,
            )
        if len(values) != self.inputs:
            raise EvaluationError(
                f"{self.path}: {len(values)} columns of inputs ({', '.join(columns)}) for {self.inputs} of the model: "
                "keep those alone, and the column that --labels names"
            )
        return tuple(values)


def _exactly(batches: Iterable[Any], size: int) -> Iterator[Any]:
    """Tables of so many rows: a batch ends with its row group, and a piece must not."""
    pyarrow = needed("pyarrow", "a Parquet file")
    waiting: list[Any] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= size:
            table = pyarrow.Table.from_batches(waiting)
            yield table.slice(0, size).combine_chunks()
            waiting = table.slice(size).to_batches()
            rows -= size
    if rows:
        yield pyarrow.Table.from_batches(waiting).combine_chunks()


def _values(column: Any, types: Any) -> Any:
    """A column of numbers as an array, of its own type whatever is missing; one of lists as a list of arrays, which may
    be of different lengths.
    """
    kind = column.type
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        element = kind.value_type.to_pandas_dtype() if not types.is_nested(kind.value_type) else None
        return [_MISSING if row is None or None in row else np.asarray(row, element) for row in column.to_pylist()]
    if column.null_count and types.is_integer(kind):
        column = column.fill_null(0)  # NumPy has NaN for what is missing, and then all are real values
    return column.to_numpy()
