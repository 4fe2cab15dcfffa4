"""BROADCAST_TO: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.ops.common import beginning
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.slots import DType, Shape

__all__ = ["prepare"]

MAX_RANK = 5


def prepare(*, input_shape: Shape, output_shape: Shape, shape: Sequence[int], dtype: DType) -> MovementParams:
    """The parameters of a call. Source: TFLM ``BroadcastToPrepare``.

    Args:
        shape: must be the output's.

    Raises:
        ValueError: TFLM refuses the call.
    """
    if len(output_shape) > MAX_RANK:
        raise ValueError(f"an output of rank {len(output_shape)}, and at most {MAX_RANK} is wanted")
    if tuple(shape) != output_shape:
        raise ValueError(f"it broadcasts to shape {beginning(shape)}, and its output has shape {list(output_shape)}")
    aligned = output_shape[len(output_shape) - len(input_shape) :]
    if len(input_shape) > len(output_shape) or any(
        size not in (1, wanted) for size, wanted in zip(input_shape, aligned, strict=True)
    ):
        raise ValueError(f"shape {list(input_shape)} does not broadcast to {list(output_shape)}")
    source = View.whole(input_shape).broadcast(output_shape)
    return movement((input_shape,), (output_shape,), dtype, [(source, View.whole(output_shape))])
