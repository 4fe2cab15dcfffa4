"""AVERAGE_POOL_2D and MAX_POOL_2D. Source of the rules: TFLM ``pooling_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.pool import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.options import Pool2DOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a pool."""
    source.arity((1,))
    options = source.options(Pool2DOptions)
    sizes = {
        "stride_w": options.stride_w,
        "stride_h": options.stride_h,
        "filter_width": options.filter_width,
        "filter_height": options.filter_height,
    }
    source.positive(**sizes)
    tensors = {"input": source.input(0), "output": source.output()}
    for tensor in tensors.values():
        source.shape4(tensor)
    return source.lowered(
        "avg_pool" if source.operator.code is BuiltinOperator.AVERAGE_POOL_2D else "max_pool",
        prepare,
        tensors,
        quantized=tensors,
        padding=source.padding(options.padding),
        fused_activation=source.activation(options.fused_activation_function),
        **sizes,
    )
