"""GATHER and GATHER_ND: parameters, their preparation, and the copy of what the indices name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from typing_extensions import override

from ember_infer_core.errors import InvalidShape, KernelError
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import (
    AnyArray,
    DType,
    Int32Array,
    Operand,
    OperatorParams,
    Role,
    Shape,
    check_buffers,
    unbound,
    unbound_int8,
)

__all__ = [
    "GatherNdParams",
    "GatherParams",
    "IndexedRowParams",
    "RowGeometry",
    "gather",
    "prepare",
    "prepare_gather_nd",
]

MAX_INDEXED_AXES = 5


def _unbound_int32() -> Int32Array:
    return unbound(np.int32)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGeometry:
    """Which rows of the input become rows of the output: at each place of each batch, as many as there are indices.

    Attributes:
        batches: how often there are other indices.
        outer: places in a batch at which all of its indices choose anew.
        count: rows chosen at each place.
        rows: to choose from at each place.
        steps: rows from one to the next of each of the indices that name one row together.
    """

    batches: int
    outer: int
    count: int
    rows: int
    steps: tuple[int, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class IndexedRowParams(OperatorParams):
    """Rows of the input, chosen by indices that may be computed: input and output are rows of ``row_size`` elements.

    Attributes:
        input_shape, indices_shape, output_shape: of the tensors.
        dtype: of input and output.
        row_size: elements that stay together.
        input, indices, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input", Role.INPUT, None),
        Operand("indices", Role.INPUT, np.int32),
        Operand("output", Role.OUTPUT, None),
    )

    input_shape: Shape
    indices_shape: Shape
    output_shape: Shape
    dtype: DType
    row_size: int
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    indices: Int32Array = field(default_factory=_unbound_int32, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)

    @property
    @override
    def may_fail(self) -> bool:
        """See :class:`ember_infer_core.OperatorParams`."""
        return True

    @property
    def geometry(self) -> RowGeometry:
        """Where the rows are."""
        raise NotImplementedError

    def rows(self, indices: AnyArray) -> Int64Array:
        """For each row of the output the number of the input's.

        Raises:
            KernelError: there is no such row.
        """
        raise NotImplementedError

    def check(self, indices: AnyArray) -> None:
        """Checks indices in memory that grows with them, however large the output is.

        Raises:
            KernelError: there is no such row.
        """
        self.rows(indices)


@dataclass(slots=True, kw_only=True, eq=False)
class GatherParams(IndexedRowParams):
    """Of one axis of the input the indices named, where the first ``batch_dims`` axes of both go together.

    Fields that are not named here are described in :class:`IndexedRowParams`.

    Attributes:
        axis, batch_dims: from 0.
    """

    axis: int
    batch_dims: int

    @property
    @override
    def geometry(self) -> RowGeometry:
        """See :attr:`IndexedRowParams.geometry`."""
        return RowGeometry(
            batches=element_count(self.input_shape[: self.batch_dims]),
            outer=element_count(self.input_shape[self.batch_dims : self.axis]),
            count=element_count(self.indices_shape[self.batch_dims :]),
            rows=self.input_shape[self.axis],
            steps=(1,),
        )

    @override
    def rows(self, indices: AnyArray) -> Int64Array:
        """See :meth:`IndexedRowParams.rows`."""
        self.check(indices)
        places = self.geometry
        first = np.arange(places.batches * places.outer, dtype=np.int64) * places.rows
        chosen = indices.reshape(places.batches, 1, places.count)
        rows: Int64Array = (first.reshape(places.batches, places.outer, 1) + chosen).reshape(-1)
        return rows

    @override
    def check(self, indices: AnyArray) -> None:
        """See :meth:`IndexedRowParams.check`."""
        size = self.input_shape[self.axis]
        wrong = indices[(indices < 0) | (indices >= size)]
        if wrong.size:
            raise KernelError(f"index {wrong[0]} of an axis of size {size}, at which TensorFlow Lite Micro stops")


@dataclass(slots=True, kw_only=True, eq=False)
class GatherNdParams(IndexedRowParams):
    """What the last axis of the indices names together: one index for each of the input's first axes.

    Fields that are not named here are described in :class:`IndexedRowParams`.
    """

    @property
    @override
    def geometry(self) -> RowGeometry:
        """See :attr:`IndexedRowParams.geometry`."""
        indexed = self.input_shape[: self.indices_shape[-1]]
        return RowGeometry(
            batches=1,
            outer=1,
            count=element_count(self.indices_shape[:-1]),
            rows=element_count(indexed),
            steps=tuple(element_count(indexed[axis + 1 :]) for axis in range(len(indexed))),
        )

    @override
    def rows(self, indices: AnyArray) -> Int64Array:
        """See :meth:`IndexedRowParams.rows`.

        TFLM checks the row alone and not each index: -1 is the end of the row before.
        """
        places = self.geometry
        named = indices.reshape(places.count, len(places.steps)).astype(np.int64)
        rows: Int64Array = named @ np.array(places.steps, np.int64)
        wrong = rows[(rows < 0) | (rows >= places.rows)]
        if wrong.size:
            raise KernelError(f"indices of place {wrong[0]} among {places.rows}, at which TensorFlow Lite Micro stops")
        return rows


def prepare(
    *, input_shape: Shape, indices_shape: Shape, output_shape: Shape, axis: int, batch_dims: int = 0, dtype: DType
) -> GatherParams:
    """The parameters of a GATHER. Source: TFLM ``GatherPrepare``.

    Args:
        axis: from -rank to rank - 1 of the input.
        batch_dims: from -rank to rank of the indices.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the call.
    """
    rank, indices_rank = len(input_shape), len(indices_shape)
    if not -rank <= axis < rank:
        raise ValueError(f"the input of rank {rank} has no axis {axis}")
    axis %= rank
    batches = batch_dims + indices_rank if batch_dims < 0 else batch_dims
    if not 0 <= batches <= min(axis, indices_rank):
        raise ValueError(f"batch_dims is {batch_dims}, with axis {axis} and indices of rank {indices_rank}")
    if input_shape[:batches] != indices_shape[:batches]:
        raise ValueError(
            f"the first {batches} axes of input and indices, {list(input_shape)} and {list(indices_shape)}, differ"
        )
    shape = (*input_shape[:axis], *indices_shape[batches:], *input_shape[axis + 1 :])
    _check_output(shape, output_shape)
    return GatherParams(
        input_shape=input_shape,
        indices_shape=indices_shape,
        output_shape=output_shape,
        dtype=dtype,
        row_size=element_count(input_shape[axis + 1 :]),
        axis=axis,
        batch_dims=batches,
    )


def prepare_gather_nd(*, input_shape: Shape, indices_shape: Shape, output_shape: Shape, dtype: DType) -> GatherNdParams:
    """The parameters of a GATHER_ND. Source: TFLM ``gather_nd.cc``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the call.
    """
    if not input_shape or not indices_shape:
        raise ValueError("a scalar, where a tensor with axes is wanted")
    indexed, rank = indices_shape[-1], len(input_shape)
    if indexed > min(rank, MAX_INDEXED_AXES):
        raise ValueError(f"{indexed} indices for an input of rank {rank}, and at most {MAX_INDEXED_AXES} are wanted")
    _check_output((*indices_shape[:-1], *input_shape[indexed:]), output_shape)
    return GatherNdParams(
        input_shape=input_shape,
        indices_shape=indices_shape,
        output_shape=output_shape,
        dtype=dtype,
        row_size=element_count(input_shape[indexed:]),
    )


def gather(params: IndexedRowParams) -> None:
    """Carries out the call of either operator.

    Raises:
        InvalidShape, KernelError: nothing was written.
    """
    check_buffers(params)
    rows = params.rows(params.indices)
    table = params.input.reshape(-1, params.row_size)
    # No row is out of range; "clip" spares a copy of the output.
    table.take(rows, axis=0, out=params.output.reshape(-1, params.row_size), mode="clip")


def _check_output(shape: Shape, output_shape: Shape) -> None:
    if shape != output_shape:
        raise InvalidShape(f"the output has shape {list(output_shape)}, not {list(shape)}")
