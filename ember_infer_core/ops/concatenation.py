"""CONCATENATION: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare", "stacked"]

MAX_INPUTS = 10
MAX_RANK = 6


def prepare(
    *,
    inputs_shapes: tuple[Shape, ...],
    output_shape: Shape,
    axis: int,
    dtype: DType,
    inputs_quants: Sequence[QuantParam | None] = (),
    output_quant: QuantParam | None = None,
) -> MovementParams:
    """The parameters of a call. Source: TFLM ``concatenation.cc``.

    Args:
        axis: along which the inputs follow each other; from -rank to rank - 1.
        inputs_quants, output_quant: of int8 must all be the same.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses the call.
    """
    if len(inputs_shapes) > MAX_INPUTS:
        raise ValueError(f"{len(inputs_shapes)} inputs, and at most {MAX_INPUTS} are wanted")
    for position, quant in enumerate(inputs_quants):
        if dtype == "int16" and quant is not None and quant.zero_point:
            raise ValueError(f"the zero point of input {position}, of int16, is {quant.zero_point}, not 0")
        if dtype == "int8" and quant != output_quant:
            raise ValueError(f"input {position} is quantised otherwise than the output, and is not requantised")
    rank = len(output_shape)
    if rank > MAX_RANK:
        raise ValueError(f"an output of rank {rank}, and at most {MAX_RANK} is wanted")
    if not -rank <= axis < rank:
        raise InvalidShape(f"the output of rank {rank} has no axis {axis}")
    return stacked(inputs_shapes, output_shape, axis % rank, dtype)


def stacked(inputs_shapes: tuple[Shape, ...], output_shape: Shape, axis: int, dtype: DType) -> MovementParams:
    """Inputs that fill the output one after the other along an axis.

    Raises:
        InvalidShape: they do not.
    """
    for number, shape in enumerate(inputs_shapes):
        if len(shape) != len(output_shape):
            raise InvalidShape(f"input {number}, {list(shape)}, has another rank than the output, {list(output_shape)}")
    total = sum(shape[axis] for shape in inputs_shapes)
    if total != output_shape[axis]:
        raise InvalidShape(f"along axis {axis} the inputs have {total} indices, and the output {output_shape[axis]}")
    output, copies, first = View.whole(output_shape), [], 0
    for number, shape in enumerate(inputs_shapes):
        copies.append((View.whole(shape, number), output.part(axis, first, shape[axis])))
        first += shape[axis]
    return movement(inputs_shapes, (output_shape,), dtype, copies)
