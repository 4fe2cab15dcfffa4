"""The hyperbolic tangent of float32, within one unit in the last place of every C library in common use.

C's ``tanhf`` is no single function: newer libraries round correctly, older ones are fdlibm's, which is up to two units
off. Halfway between the two is within one of either.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ember_infer_ref.lookup import Float32Array

__all__ = ["tanh"]

_F = np.float32
_ONE, _TWO, _HALF = _F(1.0), _F(2.0), _F(0.5)
_SATURATED = _F(22.0)  # from here on 1 is correct
_LINEAR = _F(2.0**-12)  # below it x is within one unit
_LN2_HIGH, _LN2_LOW, _INVERSE_LN2 = _F(6.9313812256e-01), _F(9.0580006145e-06), _F(1.4426950216)
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
    """``exp(x) - 1`` in float32 throughout, for x from -2 to 44: ``2**k * exp(r) - 1`` with ``|r| <= ln(2) / 2``."""
    k = np.trunc(_INVERSE_LN2 * x + np.copysign(_HALF, x))
    k = np.where(np.abs(x) <= _HALF * _F(np.log(2)), _F(0), np.where(np.abs(x) < _F(1.0397207), np.sign(x), k))
    high, low = x - k * _LN2_HIGH, k * _LN2_LOW
    r = high - low
    lost = (high - r) - low
    half = _HALF * r
    square = r * half
    q1, q2, q3, q4, q5 = (_F(value) for value in _COEFFICIENTS)
    ratio = _ONE + square * (q1 + square * (q2 + square * (q3 + square * (q4 + square * q5))))
    t = _F(3.0) - ratio * half
    error = square * ((ratio - t) / (_F(6.0) - r * t))
    near = r - (r * error - square)
    error = r * (error - lost) - lost - square
    return _assembled(k, r, error, near)


def _assembled(k: Float32Array, r: Float32Array, error: Float32Array, near: Float32Array) -> Float32Array:
    """``2**k * (1 + r - error) - 1``, summed so that the least is lost."""
    power = k.astype(np.int32)
    by_k: list[tuple[npt.NDArray[np.bool_], Float32Array]] = [
        (k == 0, near),
        (k == -1, _HALF * (r - error) - _HALF),
        ((k == 1) & (r < _F(-0.25)), -_TWO * (error - (r + _HALF))),
        (k == 1, _ONE + _TWO * (r - error)),
        (k < 0, np.ldexp(_ONE - (error - r), power) - _ONE),
        (k < 23, np.ldexp((_ONE - np.ldexp(_ONE, -power)) - (error - r), power)),
    ]
    large = np.ldexp((r - (error + np.ldexp(_ONE, -power))) + _ONE, power)
    return np.select([condition for condition, _ in by_k], [value for _, value in by_k], large)
