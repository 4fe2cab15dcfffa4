"""The hyperbolic tangent of float32, within one unit in the last place of every C library in common use.

C's ``tanhf`` is no single function: newer libraries round correctly, older ones are fdlibm's, which is up to two units
off. Halfway between the two is within one of either.
"""

from __future__ import annotations

import numpy as np

from ember_infer_core.slots import Float32Array

__all__ = ["tanh"]

_F = np.float32
_HALF, _ONE, _TWO, _THREE, _SIX = _F(0.5), _F(1.0), _F(2.0), _F(3.0), _F(6.0)
_SATURATED = _F(22.0)  # from here on 1 is correct
_LINEAR = _F(2.0**-12)  # below it x is within one unit
_LN2_HIGH, _LN2_LOW, _INVERSE_LN2 = _F(6.9313812256e-01), _F(9.0580006145e-06), _F(1.4426950216)
_HALF_LN2 = _F(0.34657359)
_MANY_BITS = 23  # of k: beyond, 1 is below the last bit
# exp(x) - 1 near 0 as a rational function, of x**2 / 2.
_COEFFICIENTS = (-3.3333335072e-02, 1.5873016091e-03, -7.9365076090e-05, 4.0082177293e-06, -2.0109921195e-07)


def tanh(x: Float32Array) -> Float32Array:
    """The hyperbolic tangent of each element."""
    correct = np.tanh(x.astype(np.float64)).astype(np.float32)
    size = np.clip(np.abs(x), _LINEAR, _SATURATED)
    middle = (_fdlibm_tanh(size).astype(np.float64) + np.abs(correct)) / 2
    usual = (np.abs(x) >= _LINEAR) & (np.abs(x) < _SATURATED)
    return np.where(usual, np.copysign(middle.astype(np.float32), x), correct)


def _fdlibm_tanh(x: Float32Array) -> Float32Array:
    """Of positive values, in float32 throughout."""
    above_one = _ONE - _TWO / (_fdlibm_expm1(_TWO * np.maximum(x, _ONE)) + _TWO)
    below = _fdlibm_expm1(-_TWO * np.minimum(x, _ONE))
    return np.where(x >= _ONE, above_one, -below / (below + _TWO))


def _fdlibm_expm1(x: Float32Array) -> Float32Array:
    """``exp(x) - 1`` in float32 throughout, for x from -2 to 0 and from 2 to 44: ``2**k * exp(r) - 1``, where r is half
    of ln(2) or less.
    """
    nearest = np.trunc(_INVERSE_LN2 * x + np.copysign(_HALF, x))
    k: Float32Array = np.where(np.abs(x) <= _HALF_LN2, _F(0.0), nearest)
    high: Float32Array = x - k * _LN2_HIGH
    low: Float32Array = k * _LN2_LOW
    r: Float32Array = high - low
    lost: Float32Array = (high - r) - low
    half: Float32Array = r * _HALF
    square: Float32Array = r * half
    ratio: Float32Array = np.zeros_like(square)
    for coefficient in reversed(_COEFFICIENTS):
        ratio = square * (ratio + _F(coefficient))
    ratio = ratio + _ONE
    remainder: Float32Array = _THREE - ratio * half
    relative: Float32Array = square * np.divide(ratio - remainder, _SIX - r * remainder)
    error: Float32Array = r * (relative - lost) - lost - square
    # 2**k * (1 + r - error) - 1, summed so that the least is lost.
    power = k.astype(np.int32)
    summed = np.ldexp((_ONE - np.ldexp(_ONE, -power)) - (error - r), power)
    summed_of_large_k = np.ldexp((r - (error + np.ldexp(_ONE, -power))) + _ONE, power)
    return np.select(
        [k == 0, k == -1, k < 0, k < _MANY_BITS],
        [r - (r * relative - square), _HALF * (r - error) - _HALF, np.ldexp(_ONE - (error - r), power) - _ONE, summed],
        summed_of_large_k,
    )
