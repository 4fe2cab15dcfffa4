"""SVDF as a call of ``svdf.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.slots import INT8
from ember_infer_firmware.kernels.channels import TOGETHER, interleaved, wrapped
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.svdf import SvdfParams
    from ember_infer_core.slots import AnyArray, Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_SVDF = Kernel("svdf", "svdf", 3)
_SVDF16 = Kernel("svdf16", "svdf", 3)
KERNELS = (_SVDF, _SVDF16)


def plan(
    context: Context,
    params: SvdfParams,
    input: Place,
    output: Place,
    state: Place,
    weights_feature: Int8Array,
    weights_time: AnyArray,
    bias: Int32Array,
) -> list[Step]:
    """The zero points' shares of all sums are known now, and are what the sums begin with."""
    (batches, depth), (filters, memory) = params.input_shape, params.weights_time_shape
    start = np.zeros(-(-filters // TOGETHER) * TOGETHER, np.int64)
    start[:filters] = params.input_offset * weights_feature.sum(1, dtype=np.int64)
    of_units = weights_time.reshape(len(bias), params.rank * memory).sum(1, dtype=np.int64)
    fields: dict[str, Value] = {
        "sums.features": context.constant("features", interleaved(weights_feature, whole=True)),
        "sums.start": context.constant("start", wrapped(start)),
        "sums.bias": context.constant("bias", wrapped(bias + params.state_offset * of_units)),
        "sums.batches": batches,
        "sums.depth": depth,
        "sums.filters": filters,
        "sums.rank": params.rank,
        "sums.memory": memory,
        "sums.state_multiplier": params.state_multiplier,
        "sums.state_shift": params.state_shift,
        "sums.state_offset": -params.state_offset,
        "sums.output_multiplier": params.output_multiplier,
        "sums.output_shift": params.output_shift,
        "sums.output_offset": params.output_offset,
        "times": context.constant("times", weights_time),
    }
    return [Step(_SVDF if params.dtype == INT8 else _SVDF16, fields, (input, state, output))]
