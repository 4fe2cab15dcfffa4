"""FULLY_CONNECTED as a call of ``fully_connected.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.fully_connected import count_rows
from ember_infer_firmware.kernels.sums import interleaved, scaling, wrapped
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_FULLY_CONNECTED = Kernel("fully_connected", "fully_connected", 2)
KERNELS = (_FULLY_CONNECTED,)


def plan(
    context: Context,
    params: FullyConnectedParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """The zero points' share of each sum, ``input_offset`` times all weights and the product of both offsets, is known
    now: it goes with the bias.
    """
    outputs, depth = params.weights_shape
    start = params.input_offset * (weights.sum(1, dtype=np.int64) + depth * params.weights_offset)
    fields = {
        "weights": context.constant("weights", interleaved(weights)),
        "bias": context.constant("bias", wrapped(start if bias is None else start + bias)),
        **scaling(context, params),
        "rows": count_rows(params.input_shape, params.weights_shape, params.output_shape),
        "depth": depth,
        "outputs": outputs,
        "weights_offset": params.weights_offset,
    }
    return [Step(_FULLY_CONNECTED, fields, (input, output))]
