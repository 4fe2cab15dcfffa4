"""AVERAGE_POOL_2D and MAX_POOL_2D to :class:`PoolParams`. Source of the rules: TFLM ``pooling_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.pool import PoolParams
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.schema import BuiltinOperator, Pool2DOptions

_METHODS = {BuiltinOperator.AVERAGE_POOL_2D: "avg_pool", BuiltinOperator.MAX_POOL_2D: "max_pool"}
_SCALE_TOLERANCE = 1e-6


def lower(source: OperatorSource) -> Lowered:
    """Checks the operator and computes its padding and clamp."""
    source.arity((1,))
    options = source.options(Pool2DOptions)
    source.positive(
        stride_w=options.stride_w,
        stride_h=options.stride_h,
        filter_width=options.filter_width,
        filter_height=options.filter_height,
    )
    input_, output = source.input(0), source.output()
    input_shape, output_shape = source.shape4(input_), source.shape4(output)
    if input_shape[3] != output_shape[3]:
        raise source.fail(f"{input_shape[3]} channels go in and {output_shape[3]} come out")
    padding = source.padding(options.padding)
    filter_size = options.filter_height, options.filter_width
    stride = options.stride_h, options.stride_w
    pad_h, pad_w = source.window(padding, input_shape, filter_size, stride, (1, 1), output_shape)
    input_quant, output_quant = source.quant(input_), source.quant(output)
    same_scale = abs(input_quant.scale - output_quant.scale) <= _SCALE_TOLERANCE
    if not same_scale or input_quant.zero_point != output_quant.zero_point:
        raise Refusal("input and output are quantised differently; TensorFlow Lite Micro refuses this too")
    activation = source.activation(options.fused_activation_function)
    activation_min, activation_max = source.activation_range(activation, output_quant)
    assert source.operator.code is not None
    params = PoolParams(
        input_shape=input_shape,
        output_shape=output_shape,
        padding=padding,
        pad_h=pad_h,
        pad_w=pad_w,
        filter_height=options.filter_height,
        filter_width=options.filter_width,
        stride_h=options.stride_h,
        stride_w=options.stride_w,
        fused_activation=activation,
        input_quant=input_quant,
        output_quant=output_quant,
        activation_min=activation_min,
        activation_max=activation_max,
    )
    return Lowered(_METHODS[source.operator.code], params, {"input": input_.index, "output": output.index})
