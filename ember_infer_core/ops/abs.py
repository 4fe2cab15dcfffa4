"""ABS of int8."""

from __future__ import annotations

import numpy as np

from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.lookup import Prepare, prepare_function, rescaled
from ember_infer_core.quantization import QuantParam

__all__ = ["prepare"]


def _abs(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """Source: TFLM ``AbsEvalQuantized``."""
    magnitudes = np.abs(values - input.zero_point)
    if input.scale == output.scale:
        return magnitudes + output.zero_point
    return rescaled(magnitudes, input.scale / output.scale, output.zero_point)


prepare: Prepare = prepare_function(_abs)
