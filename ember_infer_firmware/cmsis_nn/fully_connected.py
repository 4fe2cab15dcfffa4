"""FULLY_CONNECTED as a call of CMSIS-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.fully_connected import count_rows
from ember_infer_firmware.library_fields import scaled_step
from ember_infer_firmware.step import Declined, Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_HEADER = "cmsis_nn_fully_connected"
_PER_TENSOR = Kernel("cmsis_nn_fully_connected", _HEADER, 2, fails=True)
_PER_CHANNEL = Kernel("cmsis_nn_fully_connected_per_channel", _HEADER, 2, fails=True)
KERNELS = (_PER_TENSOR, _PER_CHANNEL)


def plan(
    context: Context,
    params: FullyConnectedParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """The input's zero point goes with the bias, which spares the library adding it, and sums of weights in memory."""
    check_activation(params)
    if params.weights_offset:
        raise Declined("weights with a zero point: the reference kernel")
    start = params.input_offset * weights.sum(1, dtype=np.int64)
    fields: dict[str, Value] = {
        "weights": context.constant("weights", weights),
        "bias": context.constant("bias", wrap_int32(start if bias is None else start + bias).astype(np.int32)),
        "rows": count_rows(params.input_shape, params.weights_shape, params.output_shape),
        "depth": params.weights_shape[1],
        "outputs": params.weights_shape[0],
        "output_offset": params.output_offset,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    return [scaled_step(context, params, (_PER_TENSOR, _PER_CHANNEL), fields, (input, output))]
