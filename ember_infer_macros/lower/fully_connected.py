"""FULLY_CONNECTED. Source of the rules: TFLM ``fully_connected_common.cc``."""

from __future__ import annotations

from typing import Any

from ember_infer_core.ops import batch_matmul
from ember_infer_core.ops.fully_connected import check_bias_scale, prepare
from ember_infer_core.quantization import AnyQuantParam, PerChannelQuantParam, QuantParam
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.options import FullyConnectedOptions
from ember_infer_macros.tflite.schema import TensorType


def lower(source: OperatorSource) -> Lowered:
    """The call of a FULLY_CONNECTED: of ``batch_matmul`` where the weights are computed."""
    source.arity((2, 3))
    options = source.options_or_default(FullyConnectedOptions)
    if options.weights_format != 0:
        raise Refusal("shuffled weights are not supported")
    input_, weights, output = source.input(0), source.input(1), source.output()
    if len(weights.shape) != 2:
        raise source.fail(f"weights {weights.describe()} must have rank 2")
    computed = weights.data is None and weights.type is TensorType.INT8
    weights_quant = source.quant(weights) if computed else source.weights_quant(source.constant(weights), 0)
    if weights.type is TensorType.INT4 and isinstance(weights_quant, PerChannelQuantParam):
        raise Refusal("int4 weights must have one scale; TensorFlow Lite Micro refuses several too")
    fields: dict[str, Any] = {
        "input_shape": input_.shape,
        "weights_shape": weights.shape,
        "output_shape": output.shape,
        "input_quant": source.quant(input_),
        "weights_quant": weights_quant,
        "output_quant": source.quant(output),
        "fused_activation": source.activation(options.fused_activation_function),
    }
    params = source.prepare(batch_matmul.prepare_fully_connected if computed else prepare, **fields)
    _check_bias(source, fields["input_quant"], weights_quant, fields["output_quant"])
    bias = source.bias(weights.shape[0])
    if computed:
        operands = {"lhs": input_.index, "rhs": weights.index, "output": output.index}
        return Lowered("batch_matmul", params, operands | bias)
    operands = {"input": input_.index, "weights": weights.index, "output": output.index}
    return Lowered("fully_connected", params, operands | bias)


def _check_bias(
    source: OperatorSource, input_quant: QuantParam, weights_quant: AnyQuantParam, output_quant: QuantParam
) -> None:
    if not source.has_input(2) or not isinstance(weights_quant, QuantParam):
        return
    bias = source.input(2)
    scale = bias.quantization.scales[0] if bias.quantization is not None else 0.0
    try:
        check_bias_scale(input_quant, weights_quant, output_quant, scale)
    except ValueError as error:
        raise Refusal(f"{bias.describe()}: {error}; TensorFlow Lite Micro refuses this too") from None
