"""The exponential function of float32 as C libraries have it, where one unit in the last place is one too many."""

from __future__ import annotations

import numpy as np

from ember_infer_core.slots import Float32Array

__all__ = ["exponential"]

# A polynomial for 2**(r / 32) with r from -1/2 to 1/2, in float64.
_STEPS = 32.0
_CUBIC = float.fromhex("0x1.c6af84b912394p-5") / _STEPS**3
_QUADRATIC = float.fromhex("0x1.ebfce50fac4f3p-3") / _STEPS**2
_LINEAR = float.fromhex("0x1.62e42ff0c52d6p-1") / _STEPS
_STEPS_TO_E = float.fromhex("0x1.71547652b82fep+0") * _STEPS
# Beyond, float32 is 0 or infinite.
_LIMIT = 256.0


def exponential(x: Float32Array) -> Float32Array:
    """``expf(x)``. TFLM's sums of exponentials come from it, and a sum's last bit shows in every result.

    Its error, half a unit in the last place and a little more, is that of the polynomial which glibc, musl, Android and
    newlib share (Arm's optimized routines, ``expf``): a better one would differ in one of some thousand. Of all
    float32, two come out one unit from glibc's where the processor contracts products and sums.
    """
    steps = np.clip(x.astype(np.float64), -_LIMIT, _LIMIT) * _STEPS_TO_E
    whole = np.rint(steps)
    r = steps - whole
    fraction = (_CUBIC * r + _QUADRATIC) * (r * r) + (_LINEAR * r + 1.0)
    with np.errstate(over="ignore", under="ignore"):
        result: Float32Array = (fraction * np.exp2(whole / _STEPS)).astype(np.float32)
    return result
