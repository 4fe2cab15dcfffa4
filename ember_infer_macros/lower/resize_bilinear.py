"""RESIZE_BILINEAR. Source of the rules: TFLM ``resize_bilinear.cc``."""

from __future__ import annotations

from ember_infer_core.ops.resize_bilinear import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.options import ResizeBilinearOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a RESIZE_BILINEAR. Quantisation is no matter: values stay between those of the input."""
    source.arity((2,))
    options = source.options_or_default(ResizeBilinearOptions)
    input_, size, output = source.input(0), source.input(1), source.output()
    if len(size.shape) != 1:
        raise Refusal(f"the size {size.describe()} must have rank 1; TensorFlow Lite Micro refuses this too")
    params = source.prepare(
        prepare,
        input_shape=source.shape4(input_),
        output_shape=source.shape4(output),
        size=tuple(source.whole_numbers(size)),
        align_corners=options.align_corners,
        half_pixel_centers=options.half_pixel_centers,
        dtype=source.dtype(input_),
    )
    return Lowered("resize_bilinear", params, {"input": input_.index, "output": output.index})
