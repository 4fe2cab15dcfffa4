"""RELU6 of int8: a clamp in the input's quantisation, whatever the output's."""

from __future__ import annotations

import numpy as np

from ember_infer_core.errors import Undefined
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.lookup import Prepare, prepare_function
from ember_infer_core.quantization import QuantParam, quantize

__all__ = ["prepare"]

_SIX = np.float32(6.0)


def _relu6(values: Int64Array, input: QuantParam, output: QuantParam) -> Int64Array:
    """Source: TFLM ``Relu6Quantized``.

    Raises:
        Undefined: 6 has no int32 at the input's scale.
    """
    if float(_SIX / np.float32(input.scale)) >= 2.0**31 - 2**8:
        raise Undefined(
            f"6 overflows int32 at the input's scale {input.scale:g}; "
            "what TensorFlow Lite Micro computes then is undefined"
        )
    return np.clip(values, input.zero_point, int(quantize(6.0, input)))


prepare: Prepare = prepare_function(_relu6)
