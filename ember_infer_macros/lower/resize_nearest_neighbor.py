"""RESIZE_NEAREST_NEIGHBOR. Source of the rules: TFLM ``resize_nearest_neighbor.cc``."""

from __future__ import annotations

from ember_infer_core.ops.resize_nearest_neighbor import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.options import ResizeNearestNeighborOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a RESIZE_NEAREST_NEIGHBOR."""
    source.arity((2,))
    input_, output = source.input(0), source.output()
    options = source.options_or_default(ResizeNearestNeighborOptions)
    params = source.prepare(
        prepare,
        input_shape=source.shape4(input_),
        output_shape=source.shape4(output),
        size=source.written_numbers(source.input(1)),
        dtype=source.dtype(input_),
        align_corners=options.align_corners,
        half_pixel_centers=options.half_pixel_centers,
    )
    return Lowered("resize_nearest_neighbor", params, {"input": input_.index, "output": output.index})
