"""Functions of one float32, within one unit in the last place of TFLM's, which takes them from the C library.

Those that NumPy does not compute as closely in float32 are computed in float64, and then rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_ref.lookup import Float32Array, lookup_kernel

if TYPE_CHECKING:
    from ember_infer_core.ops.leaky_relu import LeakyReluParams
    from ember_infer_core.ops.lookup import LookupParams

__all__ = ["abs", "elu", "hard_swish", "leaky_relu", "logistic", "relu", "relu6", "rsqrt", "tanh"]

_ONE, _THREE, _SIX = np.float32(1.0), np.float32(3.0), np.float32(6.0)
_LOGISTIC_LOWER, _LOGISTIC_UPPER = np.float32(-9.0), np.float32(16.619047164916992188)


def _abs(x: Float32Array, params: LookupParams) -> Float32Array:
    return np.abs(x)


def _elu(x: Float32Array, params: LookupParams) -> Float32Array:
    return np.where(x < 0, np.expm1(np.minimum(x, 0).astype(np.float64)).astype(np.float32), x)


def _hard_swish(x: Float32Array, params: LookupParams) -> Float32Array:
    swished: Float32Array = x * np.clip(x + _THREE, 0, _SIX) / _SIX
    return swished


def _leaky_relu(x: Float32Array, params: LeakyReluParams) -> Float32Array:
    return np.where(x > 0, x, x * np.float32(params.alpha))


def _logistic(x: Float32Array, params: LookupParams) -> Float32Array:
    """Source: TFLM ``reference_ops::Logistic``, with its cut-offs."""
    inside = _ONE / (_ONE + np.exp(-x.astype(np.float64)).astype(np.float32))
    return np.where(x > _LOGISTIC_UPPER, _ONE, np.where(x < _LOGISTIC_LOWER, np.exp(x), inside))


def _relu(x: Float32Array, params: LookupParams) -> Float32Array:
    return np.where(x < 0, np.float32(0.0), x)


def _relu6(x: Float32Array, params: LookupParams) -> Float32Array:
    return np.clip(x, 0, _SIX)


def _rsqrt(x: Float32Array, params: LookupParams) -> Float32Array:
    return _ONE / np.sqrt(x)


def _tanh(x: Float32Array, params: LookupParams) -> Float32Array:
    return np.tanh(x.astype(np.float64)).astype(np.float32)


abs = lookup_kernel("abs", _abs)
elu = lookup_kernel("elu", _elu)
hard_swish = lookup_kernel("hard_swish", _hard_swish)
leaky_relu = lookup_kernel("leaky_relu", _leaky_relu)
logistic = lookup_kernel("logistic", _logistic)
relu = lookup_kernel("relu", _relu)
relu6 = lookup_kernel("relu6", _relu6)
rsqrt = lookup_kernel("rsqrt", _rsqrt)
tanh = lookup_kernel("tanh", _tanh)
