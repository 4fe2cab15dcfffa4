"""How fixed-point factors scale, in each of the dialects of runtimes, and the clamp at the end.

``double`` is TensorFlow Lite Micro's rounding, the one that counts; the others are here so that a report can say which
of them explains a wrong answer (see ``docs/exactness.md``). The last four are of no runtime, but of kernels that take
negative numbers for positive ones: a tie goes toward zero, or a half is added to what C's division then cuts off.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from ember_infer_core.conformance.expected import output_slots
from ember_infer_core.fixed_point import (
    Int64Array,
    multiply_by_quantized_multiplier,
    multiply_by_quantized_multiplier_single_rounding,
    wrap_int32,
)
from ember_infer_core.slots import AnyArray

__all__ = ["ROUNDINGS", "Int64Array", "Rounding", "clamped", "scaled"]

Rounding: TypeAlias = Literal[
    "double", "single", "float", "no-nudge", "half-to-zero", "single-half-to-zero", "cut-off", "single-cut-off"
]
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)
_MISTAKEN = frozenset({"half-to-zero", "single-half-to-zero", "cut-off", "single-cut-off"})


def clamped(params: Any, values: Int64Array) -> AnyArray:
    """Values as the output's type, clamped to the call's activation range, or if it has none, to the type's."""
    dtype = output_slots(params)[0].dtype
    limits = np.iinfo(dtype.str)
    low, high = getattr(params, "activation_min", limits.min), getattr(params, "activation_max", limits.max)
    return np.clip(values, low, high).astype(dtype)


def scaled(values: Int64Array, multiplier: Any, shift: Any, rounding: Rounding = "double") -> Int64Array:
    """``values * multiplier * 2**(shift - 31)`` in one of the dialects."""
    if rounding == "single":
        return multiply_by_quantized_multiplier_single_rounding(values, multiplier, shift)
    if rounding in _MISTAKEN:
        return _mistaken(values, multiplier, shift, rounding)
    if rounding == "no-nudge":
        return _without_nudge(values, multiplier, shift)
    if rounding == "float":
        real = np.ldexp(np.asarray(multiplier, np.float64), np.asarray(shift, np.int32) - 31).astype(np.float32)
        product = (np.asarray(values).astype(np.float32) * real).astype(np.float64)
        return np.rint(product).astype(np.int64)
    return multiply_by_quantized_multiplier(values, multiplier, shift)


def _mistaken(values: Int64Array, multiplier: Any, shift: Any, rounding: Rounding) -> Int64Array:
    """The product, divided by powers of two: as TFLM does by 2**31 and then by the rest, or at once by both."""
    shift = np.asarray(shift, np.int64)
    product = wrap_int32(np.asarray(values) << np.maximum(shift, 0)) * np.asarray(multiplier, np.int64)
    right = np.maximum(-shift, 0)
    if rounding == "half-to-zero":
        return _half_to_zero((product + (1 << 30)) >> 31, right)
    if rounding == "cut-off":
        return _cut_off(_cut_off(product, np.asarray(31)), right)
    return (_half_to_zero if rounding == "single-half-to-zero" else _cut_off)(product, 31 + right)


def _half_to_zero(values: Int64Array, bits: Int64Array) -> Int64Array:
    """Divided by a power of two, ties toward zero."""
    below_half = np.maximum((np.int64(1) << bits) >> 1, 1) - 1
    rounded: Int64Array = np.sign(values) * ((np.abs(values) + below_half) >> bits)
    return rounded


def _cut_off(values: Int64Array, bits: Int64Array) -> Int64Array:
    """``(values + half) / 2**bits`` in C, where division cuts toward zero: right where the sum is not negative."""
    raised = values + ((np.int64(1) << bits) >> 1)
    cut: Int64Array = np.sign(raised) * (np.abs(raised) >> bits)
    return cut


def _without_nudge(values: Int64Array, multiplier: Any, shift: Any) -> Int64Array:
    """What ESP-NN's 1x1 convolution for the ESP32-S3 does when built with SKIP_NUDGE: the first rounding is a floor."""
    shift = np.asarray(shift, np.int64)
    high = (wrap_int32(np.asarray(values) << np.maximum(shift, 0)) * np.asarray(multiplier, np.int64)) >> 31
    right = np.maximum(-shift, 0)
    half = (np.int64(1) << right) >> 1
    rounded: Int64Array = np.where(right > 0, (high + half - (high < 0)) >> right, high)
    return rounded
