"""Mistaken arithmetic of sums: the same totals, kept or requantised by another rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.conformance.arithmetic import clamped
from ember_infer_core.conformance.cases import Definition, Params, Rule
from ember_infer_core.conformance.mistakes import CLAMP, DIALECTS, changed, constant
from ember_infer_core.conformance.ops.sums import Totals, requantized
from ember_infer_core.fixed_point import Int64Array, saturating_rounding_doubling_high_mul, wrap_int32
from ember_infer_core.quantization import INT32_MAX, INT32_MIN, PerChannelQuantParam
from ember_infer_core.slots import AnyArray

__all__ = ["sum_mistakes"]


def sum_mistakes(totals: Totals) -> Mapping[str, Rule]:
    """The mistakes of an operator with these sums."""

    def accumulators(params: Params) -> Int64Array:
        return np.asarray(totals(params) + (0 if params.bias is None else params.bias))

    def scaled_by(multiply: Callable[[Int64Array, Params], Int64Array]) -> Rule:
        """Another way from accumulators to values less the output's offset."""

        def rule(define: Definition, params: Params) -> AnyArray:
            return clamped(params, multiply(wrap_int32(accumulators(params)), params) + params.output_offset)

        return rule

    def accumulated_by(keep: Callable[[Int64Array], Int64Array]) -> Rule:
        """Another way to keep accumulators."""

        def rule(define: Definition, params: Params) -> AnyArray:
            kept = keep(accumulators(params))
            return clamped(params, requantized(dataclasses.replace(params, bias=None), kept))

        return rule

    return {
        **DIALECTS,
        "ties of the second rounding go up instead of away from zero": scaled_by(_second_rounding_half_up),
        "rounds down: no rounding at all": scaled_by(_floor),
        "cuts toward zero: no rounding at all": scaled_by(_truncated),
        "scaled in floating point and rounded half to even": scaled_by(_float64_to_even),
        "scaled in floating point and rounded half away from zero": scaled_by(_float64_away),
        "scaled in floating point and rounded half toward zero": scaled_by(_float64_toward),
        **CLAMP,
        "bias ignored": constant(bias=None),
        "input_offset ignored": constant(input_offset=0),
        "input_offset with the wrong sign": changed(lambda params: {"input_offset": -params.input_offset}),
        "output_offset ignored": constant(output_offset=0),
        "one multiplier for all channels, the first one's": changed(_first_channel_s_scale),
        "a left shift (positive output_shift) ignored": scaled_by(_left_shift_ignored),
        "a total shift beyond 62 taken modulo 64: the multiplier should vanish": scaled_by(_never_flushed),
        "accumulators saturate at the edge of int32 instead of wrapping": accumulated_by(
            lambda values: np.clip(values, INT32_MIN, INT32_MAX)
        ),
        "accumulators of 16 bits wrap": accumulated_by(lambda values: values.astype(np.int16).astype(np.int64)),
        "accumulators in float32 lose digits": accumulated_by(
            lambda values: values.astype(np.float32).astype(np.int64)
        ),
    }


def _first_channel_s_scale(params: Params) -> dict[str, Any]:
    count = len(params.output_multiplier)
    return {
        "output_multiplier": np.repeat(params.output_multiplier[:1], count),
        "output_shift": np.repeat(params.output_shift[:1], count),
    }


def _high_mul(accumulators: Int64Array, params: Params) -> Int64Array:
    left = np.maximum(params.output_shift.astype(np.int64), 0)
    return saturating_rounding_doubling_high_mul(wrap_int32(accumulators << left), params.output_multiplier)


def _second_rounding_half_up(accumulators: Int64Array, params: Params) -> Int64Array:
    right = np.maximum(-params.output_shift.astype(np.int64), 0)
    half: Int64Array = (np.int64(1) << right) >> 1
    rounded: Int64Array = (_high_mul(accumulators, params) + half) >> right
    return rounded


def _truncated(accumulators: Int64Array, params: Params) -> Int64Array:
    floored = _floor(np.abs(accumulators), params)
    return np.asarray(np.sign(accumulators) * floored)


def _floor(accumulators: Int64Array, params: Params) -> Int64Array:
    left = np.maximum(params.output_shift.astype(np.int64), 0)
    product = wrap_int32(accumulators << left) * params.output_multiplier.astype(np.int64)
    floored: Int64Array = product >> (31 + np.maximum(-params.output_shift.astype(np.int64), 0))
    return floored


def _real_product(accumulators: Int64Array, params: Params) -> npt.NDArray[np.float64]:
    product: npt.NDArray[np.float64] = accumulators * np.ldexp(
        params.output_multiplier.astype(np.float64), params.output_shift - 31
    )
    return product


def _float64_to_even(accumulators: Int64Array, params: Params) -> Int64Array:
    return np.rint(_real_product(accumulators, params)).astype(np.int64)


def _float64_away(accumulators: Int64Array, params: Params) -> Int64Array:
    product = _real_product(accumulators, params)
    return np.trunc(product + np.copysign(0.5, product)).astype(np.int64)


def _float64_toward(accumulators: Int64Array, params: Params) -> Int64Array:
    product = _real_product(accumulators, params)
    return (np.sign(product) * np.ceil(np.abs(product) - 0.5)).astype(np.int64)


def _left_shift_ignored(accumulators: Int64Array, params: Params) -> Int64Array:
    right = dataclasses.replace(params, output_shift=np.minimum(params.output_shift, 0), bias=None, output_offset=0)
    return requantized(right, accumulators)


def _never_flushed(accumulators: Int64Array, params: Params) -> Int64Array:
    """Multipliers made from the scales, the vanishing ones too, with a shift count that a machine takes modulo 64."""
    quant = params.weights_quant
    weights = np.array(quant.scales if isinstance(quant, PerChannelQuantParam) else [quant.scale])
    mantissa, exponent = np.frexp(params.input_quant.scale * weights / params.output_quant.scale)
    multiplier, total = np.rint(mantissa * 2**31).astype(np.int64), 31 - exponent.astype(np.int64)
    count = total & 63
    half = np.where(count > 0, np.int64(1) << np.maximum(count - 1, 0), 0)
    right = requantized(dataclasses.replace(params, bias=None, output_offset=0), accumulators)
    return np.where(total > 62, wrap_int32((accumulators * multiplier + half) >> count), right)
