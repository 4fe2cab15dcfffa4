"""FULLY_CONNECTED as a call of ESP-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.fully_connected import count_rows
from ember_infer_firmware.esp_nn.chips import check_call
from ember_infer_firmware.esp_nn.windows import check_sums
from ember_infer_firmware.library_fields import check_counts, scaled_step
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_HEADER = "esp_nn_fully_connected"
_PER_TENSOR = Kernel("esp_nn_fully_connected", _HEADER, 2, aligned=True)
_PER_CHANNEL = Kernel("esp_nn_fully_connected_per_channel", _HEADER, 2, aligned=True)
KERNELS = (_PER_TENSOR, _PER_CHANNEL)


def plan(
    context: Context,
    params: FullyConnectedParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """One call, whose struct says whether outputs have scales of their own."""
    check_activation(params)
    check_call("fully_connected", params)
    outputs, depth = params.weights_shape
    check_counts("ESP-NN", depth, outputs)
    check_sums(weights, bias, params.input_offset, params.output_shift, 0, params.weights_offset)
    fields: dict[str, Value] = {
        "weights": context.constant("weights", weights),
        "bias": None if bias is None else context.constant("bias", bias),
        "rows": count_rows(params.input_shape, params.weights_shape, params.output_shape),
        "depth": depth,
        "outputs": outputs,
        "input_offset": params.input_offset,
        "weights_offset": params.weights_offset,
        "output_offset": params.output_offset,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    return [scaled_step(context, params, (_PER_TENSOR, _PER_CHANNEL), fields, (input, output))]
