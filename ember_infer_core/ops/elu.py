"""ELU of int8: by way of float32."""

from __future__ import annotations

import numpy as np

from ember_infer_core.errors import Undefined
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.lookup import Prepare, prepare_function
from ember_infer_core.quantization import QuantParam

__all__ = ["prepare"]

_INT32_END = 2.0**31


def _elu(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """``exp(x) - 1`` (not expm1) where ``x`` is negative; every step in float32. Source: TFLM ``EluPrepare``.

    Raises:
        Undefined: a result has no int32.
    """
    with np.errstate(over="ignore"):  # an infinity has no int32 either
        real = (values - input.zero_point).astype(np.float32) * np.float32(input.scale)
        exponential = np.exp(np.minimum(real, 0).astype(np.float64)).astype(np.float32)  # as close as the C library's
        result = np.where(real < 0, exponential - np.float32(1.0), real)
        steps = result * (np.float32(1.0) / np.float32(output.scale))
    rounded = np.trunc(steps.astype(np.float64) + np.copysign(0.5, steps)).astype(np.float32)
    quantized = rounded + np.float32(output.zero_point)
    if not (np.abs(quantized) < _INT32_END).all():
        raise Undefined(
            f"with scales of {input.scale:g} and {output.scale:g} results overflow int32; "
            "what TensorFlow Lite Micro computes then is undefined"
        )
    return quantized.astype(np.int64)


prepare: Prepare = prepare_function(_elu)
