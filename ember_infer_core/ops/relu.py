"""RELU of int8: it requantises."""

from __future__ import annotations

import numpy as np

from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.lookup import Prepare, prepare_function, rescaled
from ember_infer_core.quantization import QuantParam

__all__ = ["prepare"]


def _relu(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """Source: TFLM ``ReluQuantized``."""
    results = rescaled(values - input.zero_point, input.scale / output.scale, output.zero_point)
    return np.maximum(results, output.zero_point)


prepare: Prepare = prepare_function(_relu)
