"""Sums of products with constant weights, scaled down to int8: what convolutions and fully connected layers share.

Each of them says with ``totals`` what its sums are: int64, without bias, beyond any range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.arithmetic import Rounding, clamped, scaled
from ember_infer_core.conformance.cases import Definition, Params, Regression
from ember_infer_core.conformance.contents import every_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.fixed_point import Int64Array, wrap_int32
from ember_infer_core.quantization import AnyQuantParam, PerChannelQuantParam, QuantParam
from ember_infer_core.slots import AnyArray, Int8Array, Int32Array, bind

__all__ = [
    "EXACT_TIES",
    "JUST_BELOW_1",
    "OFFSETS",
    "Totals",
    "bind_plainly",
    "draw_bias",
    "draw_quantisation",
    "draw_weights",
    "ends_of_int32",
    "plain_quantisation",
    "requantized",
    "saturating",
    "sum_definition",
    "ties",
]

Totals: TypeAlias = Callable[[Params], Int64Array]


def sum_definition(totals: Totals) -> Definition:
    """The definition of an operator with these sums, in each dialect."""

    def define(params: Params, rounding: Rounding = "double") -> AnyArray:
        return clamped(params, requantized(params, totals(params), rounding))

    return define


def requantized(params: Params, totals: Int64Array, rounding: Rounding = "double") -> Int64Array:
    """Sums to values of the output before the clamp: bias, wrap in int32, scale, output offset."""
    wrapped = wrap_int32(totals + (0 if params.bias is None else params.bias))
    if rounding == "float":
        real = wrapped.astype(np.float32) * _float_scales(params)
        return np.asarray(np.rint(real.astype(np.float64)).astype(np.int64) + params.output_offset)
    result = scaled(wrapped, params.output_multiplier, params.output_shift, rounding)
    return wrap_int32(np.asarray(result + params.output_offset))


def _float_scales(params: Params) -> npt.NDArray[np.float32]:
    """What XNNPACK multiplies by, which is not the fixed-point multiplier."""
    quant = params.weights_quant
    weights = np.array(quant.scales if isinstance(quant, PerChannelQuantParam) else quant.scale, np.float32)
    scales = np.float32(params.input_quant.scale) * weights / np.float32(params.output_quant.scale)
    return np.asarray(scales, np.float32)


# Random calls.


def draw_weights(drawer: CaseDrawer, *shape: int) -> Int8Array:
    """Random weights, or all alike and extreme."""
    constant = drawer.one_of(None, None, None, -128, 127, 0)
    return drawer.int8(*shape) if constant is None else np.full(shape, constant, np.int8)


def draw_bias(drawer: CaseDrawer, channels: int) -> Int32Array | None:
    """No bias, an ordinary one, or one that reaches the edge of int32."""
    limit = drawer.one_of(None, 500, 500, 2**16, 2**31 - 1)
    return None if limit is None else drawer.random.integers(-limit, limit, channels, np.int32)


def draw_quantisation(
    drawer: CaseDrawer, channels: int, summands: int, dimension: int = 0, weights_zero_point: int | None = None
) -> dict[str, Any]:
    """The fused activation, and quantisations by which sums of so many products spread over the range of int8.

    Args:
        drawer: draws.
        channels: of the output.
        summands: products in each sum.
        dimension: of the weights, along which their scales go.
        weights_zero_point: of weights that all have one scale; None for one scale a channel and no zero point.
    """
    input_quant, output_quant = QuantParam(1.0, drawer.zero_point()), QuantParam(1.0, drawer.zero_point())
    spread = 70.0 * np.sqrt(summands)  # of the sums, over about the range of int8
    exponents = drawer.random.uniform(-1.5, 1.5, channels) + drawer.one_of(0.0, 0.0, 0.0, 8.0, -12.0, -40.0)
    if drawer.one_of(False, False, True):
        exponents = np.rint(exponents - np.log2(spread)) + np.log2(spread)  # powers of two make ties common
    scales = tuple(float(np.float32(2.0**exponent / spread)) for exponent in exponents)
    weights_quant: AnyQuantParam = PerChannelQuantParam(scales, (0,) * channels, dimension)
    if weights_zero_point is not None:
        weights_quant = QuantParam(scales[0], weights_zero_point)
    return {
        "fused_activation": drawer.activation(),
        "input_quant": input_quant,
        "weights_quant": weights_quant,
        "output_quant": output_quant,
    }


# Calls written by hand.

OFFSETS: Mapping[str, Any] = {"input_offset": 5, "output_offset": -7}
# Two scales whose product is 1 - 2**-26, nearer to 1 than float32 is: it leaves a sum at the end of int32 within reach
# of a zero point.
JUST_BELOW_1 = (1 + 2.0**-13, 1 - 2.0**-13)
EXACT_TIES = (0.5, 0.25, 0.125, 0.75, 0.0625, 0.3, 0.015625)


def plain_quantisation(
    channels: int, scale: float | Sequence[float], dimension: int, input_offset: int = 0, output_offset: int = 0
) -> dict[str, Any]:
    """Quantisations that come to one scale for each channel and these offsets."""
    given = [scale] * channels if isinstance(scale, (int, float)) else list(scale)
    scales = tuple(float(np.float32(one)) for one in given)
    return {
        "input_quant": QuantParam(1.0, -input_offset),
        "weights_quant": PerChannelQuantParam(scales, (0,) * channels, dimension),
        "output_quant": QuantParam(1.0, output_offset),
    }


def bind_plainly(params: Params, input: Int8Array, weights: Int8Array, bias: Sequence[int] | None) -> None:
    """Binds a call to these contents, and to an output that nothing has been written to."""
    bind(params, {"input": input, "weights": weights, "output": np.full(params.output_shape, 77, np.int8)})
    params.bias = None if bias is None else np.array(bias, np.int32)


def saturating(make: Callable[..., Any], *weights_shape: int) -> Regression:
    """Sums on both sides of both ends of int8, with clamps at -128, at the zero point, and in between."""

    def calls() -> list[Params]:
        values = np.array([-128, -127, -65, -64, -3, 0, 3, 63, 64, 126, 127], np.int8)
        image: Int8Array = values.reshape((-1, 1) if len(weights_shape) == 2 else (1, -1, 1, 1))
        weights = np.ones(weights_shape, np.int8)
        return [
            make(image, weights, None, 2.0, output_offset=zero_point, fused_activation=activation)
            for activation in (FusedActivation.NONE, FusedActivation.RELU, FusedActivation.RELU6)
            for zero_point in (0, -128, 127, -20)
        ]

    bug = "esp-nn issue 23: results below -128 must stop there, whatever the activation's range"
    return Regression(bug, calls)


def ends_of_int32(make: Callable[..., Any], *weights_shape: int) -> Regression:
    """Sums within int32 and at its ends, scaled by so little less than 1 that zero points reach beyond."""

    def calls() -> list[Params]:
        values = np.array([-128, -65, -33, -1, 0], np.int8)
        image: Int8Array = values.reshape((-1, 1) if len(weights_shape) == 2 else (1, -1, 1, 1))
        weights = np.resize(np.array([1, -1], np.int8), weights_shape)
        bias = [2**31 - 1, -(2**31)] * (weights.size // 2)
        input_scale, weights_scale = JUST_BELOW_1
        return [
            make(image, weights, bias, weights_scale, output_offset=zero_point, input_quant=QuantParam(input_scale, 0))
            for zero_point in (-128, 0, 127)
        ]

    return Regression("the zero point of the output is added in int32, as TFLM does: the sum wraps", calls)


def ties(make: Callable[..., Any], *weights_shape: int) -> Regression:
    """Every int8 as an accumulator, at scales that make ties of many."""

    def calls() -> list[Params]:
        image = every_int8().reshape((-1, 1) if len(weights_shape) == 2 else (1, 16, 16, 1))
        weights = np.ones(weights_shape, np.int8)
        return [make(image, weights, None, EXACT_TIES[: weights.size])]

    return Regression("CMSIS-NN issue 214: some kernels round once, some twice; all must as TFLM does", calls)
