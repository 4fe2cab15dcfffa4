"""FULLY_CONNECTED as a call of ``fully_connected.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.fully_connected import count_rows
from ember_infer_firmware.kernels.channels import (
    CLAMP,
    biases,
    channels,
    clamps,
    doubled_zero,
    interleaved,
    right_shifts,
    within,
)
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_FULLY_CONNECTED = Kernel("fully_connected", "fully_connected", 2)
_ANYHOW = Kernel("fully_connected_anyhow", "fully_connected", 2)
KERNELS = (_FULLY_CONNECTED, _ANYHOW, CLAMP)


def plan(
    context: Context,
    params: FullyConnectedParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """Both zero points' share of each sum is known now, but for the weights' zero point times the inputs."""
    check_activation(params)
    outputs, depth = params.weights_shape
    multiplier, wide = params.output_multiplier, weights.astype(np.int64) + params.weights_offset
    shift, is_right = right_shifts(params, wide, bias)
    fields: dict[str, Value] = {
        "rows": count_rows(params.input_shape, params.weights_shape, params.output_shape),
        "depth": depth,
    }
    is_common = (multiplier == multiplier[0]).all() and (shift == shift[0]).all()
    if is_common and is_right.all() and params.weights_offset == 0:
        fields["weights"] = context.constant("weights", interleaved(weights, whole=False))
        fields["bias"] = context.constant("bias", biases(params, wide, bias))
        fields |= {"multiplier": int(multiplier[0]), "shift": int(shift[0]), "zero": doubled_zero(params)}
        fields["outputs"] = outputs
        step = Step(_FULLY_CONNECTED, fields, (input, output))
    else:
        fields["weights"] = context.constant("weights", weights)
        fields |= within("channels", channels(context, params, wide, bias))
        step = Step(_ANYHOW, fields | {"weights_offset": params.weights_offset}, (input, output))
    return [step, *clamps(params, output)]
