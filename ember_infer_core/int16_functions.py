"""The logistic function and tanh of int16, by TensorFlow Lite Micro's table and interpolation, bit for bit.

Sources: TFLM ``sigmoid_table_uint16`` (``common.cc``) and ``reference_integer_ops::Logistic`` and ``Tanh`` of int16.
"""

from __future__ import annotations

import numpy as np

from ember_infer_core.fixed_point import Int64Array

__all__ = ["SIGMOID", "logistic_int16", "tanh_int16"]


# sigmoid(i / 24) as Q0.16. A sixth of the entries are one more than the rounded value: interpolation lies below the
# curve. So there is no formula to compute them by.
# fmt: off
SIGMOID: Int64Array = np.array(
    [
        32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688,
        43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409,
        51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433,
        57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110,
        61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186,
        63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308,
        64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
        64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208,
        65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367,
        65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449,
        65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491,
        65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513,
        65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
        65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
        65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533,
        65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
    ],
    np.int64,
)
# fmt: on
SIGMOID.flags.writeable = False


def logistic_int16(values: Int64Array, multiplier: int = 3, shift: int = 0) -> Int64Array:
    """The logistic function of int16 values as Q0.15.

    Args:
        values: with ``multiplier`` 3 and ``shift`` 0 of Q3.12.
        multiplier, shift: values times ``multiplier / 2**shift``, rounded, count 1/4096 as 3.
    """
    scaled = _scaled(values, multiplier, shift)
    result = _interpolated(np.abs(scaled), 9, 0x7FFF << 10)
    return np.where(scaled >= 0, result + 2**9, 2**25 - result + 2**9 - 1) >> 10


def tanh_int16(values: Int64Array, multiplier: int = 3, shift: int = 0) -> Int64Array:
    """The hyperbolic tangent of int16 values as Q0.15; see :func:`logistic_int16`."""
    scaled = _scaled(values, multiplier, shift)
    result = _interpolated(np.abs(scaled), 8, 0xFFFF << 8)  # 2 * sigmoid(2 * x) - 1: a bit less for the fraction
    return np.where(scaled >= 0, result - 2**23 + 2**7, 2**23 - result + 2**7 - 1) >> 8


def _scaled(values: Int64Array, multiplier: int, shift: int) -> Int64Array:
    scaled: Int64Array = (values * multiplier + (1 << shift >> 1)) >> shift
    return scaled


def _interpolated(magnitudes: Int64Array, fraction_bits: int, saturated: int) -> Int64Array:
    """Between the entries of the table; ``saturated`` from its last one on."""
    index = magnitudes >> fraction_bits
    last = len(SIGMOID) - 1
    below, above = SIGMOID[np.minimum(index, last)], SIGMOID[np.minimum(index + 1, last)]
    fraction = magnitudes & ((1 << fraction_bits) - 1)
    return np.where(index >= last, saturated, (below << fraction_bits) + fraction * (above - below))
