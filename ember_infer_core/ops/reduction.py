"""Reductions along axes and functions of rows: what they share; and REDUCE_MAX, REDUCE_MIN and REDUCE_ALL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.ops.common import check_same_shape, element_count
from ember_infer_core.quantization import UNQUANTIZED, QuantParam
from ember_infer_core.slots import INT8, AnyArray, DType, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = ["ReductionParams", "RowParams", "check_rows", "merged", "prepare", "reduced_axes", "reduction_fields"]


@dataclass(slots=True, kw_only=True, eq=False)
class RowParams(OperatorParams):
    """A function of rows: all elements along an axis matter to each element of the output.

    Attributes:
        input_shape, output_shape: equal, unless the operator says otherwise.
        dtype: of input and output.
        input_quant, output_quant: where they are quantised.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT, None), Operand("output", Role.OUTPUT, None))

    input_shape: Shape
    output_shape: Shape
    dtype: DType = INT8
    input_quant: QuantParam = UNQUANTIZED
    output_quant: QuantParam = UNQUANTIZED
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)


@dataclass(slots=True, kw_only=True, eq=False)
class ReductionParams(RowParams):
    """One element of the output for all elements of the input along ``axes``.

    Fields that are not named here are described in :class:`RowParams`.

    Attributes:
        input_shape: of any rank.
        output_shape: has as many elements as the input's other axes; whether it keeps the reduced ones is its own
            business.
        axes: the reduced axes of the input, ascending; none leaves every element by itself.
    """

    axes: tuple[int, ...]


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    axes: Sequence[int],
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> ReductionParams:
    """The parameters of a REDUCE_MAX, REDUCE_MIN or REDUCE_ALL. Source: TFLM ``reference_ops::ReduceGeneric``.

    Args:
        input_shape: see :class:`ReductionParams`.
        output_shape: likewise.
        axes: any order, repeated or not; a negative one counts from the last.
        dtype: int8 or float32, for REDUCE_ALL bool.
        input_quant: of int8.
        output_quant: likewise.

    Raises:
        InvalidShape: the output has not as many elements as the other axes.
        ValueError: TFLM refuses the axes or the quantisation.
    """
    if input_quant != output_quant:
        raise ValueError("input and output are quantised differently")
    if input_shape and not all(_exists(axis, input_shape) for axis in axes):
        raise ValueError(_no_such_axis(axes, input_shape))
    return ReductionParams(
        input_quant=input_quant, output_quant=output_quant, **reduction_fields(input_shape, output_shape, axes, dtype)
    )


def reduction_fields(input_shape: Shape, output_shape: Shape, axes: Sequence[int], dtype: DType) -> dict[str, Any]:
    """Shapes, axes and type, as fields of :class:`ReductionParams`.

    Raises:
        InvalidShape: the output has not as many elements as the other axes.
        Undefined: an axis that the input does not have.
    """
    resolved = reduced_axes(input_shape, axes)
    kept = [size for axis, size in enumerate(input_shape) if axis not in resolved]
    if element_count(output_shape) != element_count(tuple(kept)):
        raise InvalidShape(
            f"shape {list(input_shape)} without the axes {list(resolved)} does not fit into {list(output_shape)}"
        )
    return {"input_shape": input_shape, "output_shape": output_shape, "axes": resolved, "dtype": dtype}


def reduced_axes(shape: Shape, axes: Iterable[int]) -> tuple[int, ...]:
    """The axes without signs and repetitions, ascending; none in a scalar. Source: TFLM ``ResolveAxis``.

    Raises:
        Undefined: an axis that the shape does not have.
    """
    if not shape:
        return ()
    distinct = set(axes)
    if not all(_exists(axis, shape) for axis in distinct):
        raise Undefined(
            f"{_no_such_axis(distinct, shape)}; TensorFlow Lite Micro gives zeros there, instead of an error"
        )
    return tuple(sorted({axis % len(shape) for axis in distinct}))


def merged(shape: Shape, axes: tuple[int, ...]) -> tuple[Shape, tuple[int, ...]]:
    """The same reduction of as few axes as possible: reduced and kept ones take turns, none has the size 1."""
    sizes: list[int] = []
    reduced: list[bool] = []
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        if reduced and reduced[-1] == (axis in axes):
            sizes[-1] *= size
        else:
            sizes.append(size)
            reduced.append(axis in axes)
    return tuple(sizes), tuple(axis for axis, is_reduced in enumerate(reduced) if is_reduced)


def check_rows(input_shape: Shape, output_shape: Shape) -> None:
    """Checks that input and output have one shape, and a last axis, where TFLM does not look whether there is one.

    Raises:
        InvalidShape: the shapes differ.
        Undefined: they are scalars.
    """
    check_same_shape(input_shape, output_shape)
    if not input_shape:
        raise Undefined("a scalar has no rows; TensorFlow Lite Micro does not check that, and reads beyond the shape")


def _exists(axis: int, shape: Shape) -> bool:
    return -len(shape) <= axis < len(shape)


def _no_such_axis(axes: Iterable[int], shape: Shape) -> str:
    axis = next(axis for axis in axes if not _exists(axis, shape))
    return f"axis {axis} does not exist in shape {list(shape)}"
