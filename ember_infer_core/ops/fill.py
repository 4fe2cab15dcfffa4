"""FILL and ZEROS_LIKE: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.ops.common import beginning, check_same_shape
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare", "prepare_zeros_like"]


def prepare(*, value_shape: Shape, output_shape: Shape, dims: Sequence[int], dtype: DType) -> MovementParams:
    """The parameters of a FILL, whose input is the element that it fills the output with. Source: TFLM ``fill.cc``.

    Args:
        dims: must be the output's shape.

    Raises:
        ValueError: TFLM refuses the call.
    """
    if value_shape != ():
        raise ValueError(f"it fills with a tensor of shape {list(value_shape)}, where a scalar is wanted")
    if tuple(dims) != output_shape:
        raise ValueError(f"its dims are {beginning(dims)}, and its output has shape {list(output_shape)}")
    source = View.whole(()).broadcast(output_shape)
    return movement(((),), (output_shape,), dtype, [(source, View.whole(output_shape))])


def prepare_zeros_like(*, input_shape: Shape, output_shape: Shape, dtype: DType) -> MovementParams:
    """The parameters of a ZEROS_LIKE: elements of 0, whatever the quantisation; the call has no input.

    Source: TFLM ``zeros_like.cc``.

    Raises:
        InvalidShape: the shapes differ.
    """
    check_same_shape(input_shape, output_shape)
    return movement((), (output_shape,), dtype, [], fill=0)
