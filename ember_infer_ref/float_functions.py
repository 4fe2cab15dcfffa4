"""Functions of one float32, within one unit in the last place of TFLM's, which takes them from the C library.

NumPy's own in float32 may be further off: where IEEE 754 does not say the last bit, a function is computed in float64
and rounded, or, where C libraries agree (exp) or are further off themselves (tanh), in their way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ember_infer_core.slots import Float32Array
from ember_infer_ref.exponential import exponential
from ember_infer_ref.lookup import lookup_kernel
from ember_infer_ref.tanh import tanh as _tanh

if TYPE_CHECKING:
    from ember_infer_core.ops.leaky_relu import LeakyReluParams
    from ember_infer_core.ops.lookup import LookupParams

    Kernel: TypeAlias = Callable[[LookupParams], None]

__all__ = [
    "abs",
    "ceil",
    "cos",
    "elu",
    "exp",
    "floor",
    "hard_swish",
    "leaky_relu",
    "log",
    "logistic",
    "neg",
    "relu",
    "relu6",
    "round",
    "rsqrt",
    "sin",
    "sqrt",
    "square",
    "tanh",
]

_ZERO, _HALF, _ONE, _THREE, _SIX = (np.float32(value) for value in (0.0, 0.5, 1.0, 3.0, 6.0))
_LOGISTIC_LOWER, _LOGISTIC_UPPER = np.float32(-9.0), np.float32(16.619047164916992188)


def _kernel(operator: str, function: Callable[[Float32Array], Any]) -> Kernel:
    return lookup_kernel(operator, lambda x, _: function(x))


def _precise(function: Callable[[Any], Any]) -> Callable[[Float32Array], Float32Array]:
    """A function of float64, rounded to float32."""
    return lambda x: function(x.astype(np.float64)).astype(np.float32)


_expm1 = _precise(np.expm1)


def _elu(x: Float32Array) -> Float32Array:
    return np.where(x < 0, _expm1(x), x)


def _hard_swish(x: Float32Array) -> Float32Array:
    swished: Float32Array = x * np.clip(x + _THREE, _ZERO, _SIX) / _SIX
    return swished


def _leaky_relu(x: Float32Array, params: LeakyReluParams) -> Float32Array:
    return np.where(x > 0, x, x * np.float32(params.alpha))


def _logistic(x: Float32Array) -> Float32Array:
    """Source: TFLM ``reference_ops::Logistic``, with its cut-offs."""
    inside = _ONE / (_ONE + exponential(-x))
    return np.where(x > _LOGISTIC_UPPER, _ONE, np.where(x < _LOGISTIC_LOWER, exponential(x), inside))


def _relu(x: Float32Array) -> Float32Array:
    return np.where(x < 0, _ZERO, x)


def _relu6(x: Float32Array) -> Float32Array:
    return np.where(x > _SIX, _SIX, _relu(x))


def _round(x: Float32Array) -> Float32Array:
    """Half to even; -0.5 to 0 becomes 0, not -0. Source: TFLM ``reference_ops::RoundToNearest``."""
    below = np.floor(x)
    up = (x - below > _HALF) | ((x - below == _HALF) & (np.fmod(below, 2) != 0))
    return np.where(up, below + _ONE, below)


abs: Kernel = _kernel("abs", np.abs)
ceil: Kernel = _kernel("ceil", np.ceil)
cos: Kernel = _kernel("cos", _precise(np.cos))
elu: Kernel = _kernel("elu", _elu)
exp: Kernel = _kernel("exp", exponential)
floor: Kernel = _kernel("floor", np.floor)
hard_swish: Kernel = _kernel("hard_swish", _hard_swish)
leaky_relu: Callable[[LeakyReluParams], None] = lookup_kernel("leaky_relu", _leaky_relu)
log: Kernel = _kernel("log", _precise(np.log))
logistic: Kernel = _kernel("logistic", _logistic)
neg: Kernel = _kernel("neg", np.negative)
relu: Kernel = _kernel("relu", _relu)
relu6: Kernel = _kernel("relu6", _relu6)
round: Kernel = _kernel("round", _round)
rsqrt: Kernel = _kernel("rsqrt", lambda x: _ONE / np.sqrt(x))
sin: Kernel = _kernel("sin", _precise(np.sin))
sqrt: Kernel = _kernel("sqrt", np.sqrt)
square: Kernel = _kernel("square", np.square)
tanh: Kernel = _kernel("tanh", _tanh)
