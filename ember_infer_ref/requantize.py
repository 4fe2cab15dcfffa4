"""From accumulators to int8: the scaling that ends convolutions and fully connected layers, in three dialects.

The truth is integer arithmetic (:func:`requantize`). What runs is, from the fastest to the safest: a float32 formula, a
float64 formula, or the truth itself. A formula is taken only when :mod:`ember_infer_ref.affine` has proved it equal for
every accumulator that the weights can lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import check_activation
from ember_infer_core.fixed_point import (
    multiply_by_quantized_multiplier,
    multiply_by_quantized_multiplier_single_rounding,
    wrap_int32,
)
from ember_infer_core.ops.sums import sum_ranges
from ember_infer_core.quantization import INT8_MAX, INT8_MIN, INT32_MAX, PerChannelQuantParam
from ember_infer_core.slots import Int8Array, Int32Array
from ember_infer_core.staircase import UINT8_OFFSET, staircase
from ember_infer_ref.affine import (
    Affine,
    FloatArray,
    FloatType,
    Int64Array,
    evaluate,
    fit_affine,
    join,
)
from ember_infer_ref.plan import Step

if TYPE_CHECKING:
    from ember_infer_core.ops.sums import SumParams

__all__ = [
    "ROUNDINGS",
    "AccumulatorRange",
    "Accumulators",
    "Rounding",
    "Scaling",
    "accumulator_range",
    "prepare_requantize",
    "prepare_store",
    "requantize",
    "scaling_of",
]

Rounding: TypeAlias = Literal["double", "single", "float"]
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)

_FLOAT32_EXACT = 2**24
_TILE = 16384  # elements: long enough to drown the cost of a loop, short enough to stay in a cache
_CHANNELS_AT_ONCE = 64  # in a proof, whose arrays hold 510 points for each
_SIGN_BIT = np.array(0x80, np.uint8)


@dataclass(frozen=True, slots=True)
class Scaling:
    """How the accumulators of C channels become int8; ``float_scale`` is what the float dialect multiplies by."""

    multiplier: Int64Array
    shift: Int64Array
    float_scale: npt.NDArray[np.float32]
    output_offset: int
    activation_min: int
    activation_max: int
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class AccumulatorRange:
    """What the sums of raw int8 inputs times weights can come to, for C channels, each ``(C,)``.

    Attributes:
        bias: what is missing to the definition's accumulator: the bias, and the input's zero point times the weights.
        low, high: the least and the greatest sum.
        magnitude: no partial sum, in any order, is further from zero.
    """

    bias: Int64Array
    low: Int64Array
    high: Int64Array
    magnitude: int

    @property
    def dtype(self) -> FloatType:
        """A type in which every partial sum is exact, so that any BLAS gives the one true result."""
        return np.float32 if self.magnitude <= _FLOAT32_EXACT else np.float64


class Accumulators:
    """A workspace of ``rows`` by ``channels`` accumulators, cut into tiles of whole rows, some rows to spare.

    NumPy's loops are slow over short rows, and its calls over two-dimensional arrays slower than over flat ones; so
    kernels go through the workspace tile by tile, with channel vectors repeated to the length of a tile.

    Attributes:
        rows: all of it, ``(row capacity, channels)``.
        tiles: the same memory, as flat arrays of equal length.
    """

    __slots__ = ("rows", "tiles")

    def __init__(self, rows: int, channels: int, dtype: FloatType) -> None:
        count = max(1, -(-rows * channels // _TILE))
        capacity = count * -(-rows // count)
        self.rows: FloatArray = np.zeros((capacity, channels), dtype)
        self.tiles: Sequence[FloatArray] = tuple(self.rows.reshape(count, -1))

    def like(self, dtype: FloatType) -> Accumulators:
        """Another workspace of the same form."""
        made = Accumulators.__new__(Accumulators)
        made.rows = np.zeros(self.rows.shape, dtype)
        made.tiles = tuple(made.rows.reshape(len(self.tiles), -1))
        return made

    def repeat(self, vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A channel vector, repeated to the length of a tile."""
        return np.tile(vector, self.tiles[0].size // vector.size)

    def repeat_formula(self, formula: Affine) -> Affine:
        """A formula for whole tiles."""
        low, high = formula.knee_low, formula.knee_high
        return Affine(
            self.repeat(formula.scale),
            self.repeat(formula.offset),
            None if low is None else self.repeat(low),
            None if high is None else self.repeat(high),
        )


def scaling_of(params: SumParams, rounding: Rounding) -> Scaling:
    """The scaling that these parameters ask for.

    Raises:
        UnsupportedActivation: for a fused activation that is no clamp.
    """
    check_activation(params)
    return Scaling(
        params.output_multiplier.astype(np.int64),
        params.output_shift.astype(np.int64),
        np.broadcast_to(_float_scale(params), params.output_multiplier.shape),
        params.output_offset,
        params.activation_min,
        params.activation_max,
        rounding,
    )


def _float_scale(params: SumParams) -> npt.NDArray[np.float32]:
    """Input scale times weight scale over output scale, every step in float32, as XNNPACK has it."""
    weights = params.weights_quant
    scales = np.array(weights.scales if isinstance(weights, PerChannelQuantParam) else [weights.scale], np.float32)
    with np.errstate(over="ignore"):
        scale = np.float32(params.input_quant.scale) * scales / np.float32(params.output_quant.scale)
    # Above 255 every accumulator but 0 saturates; a cap keeps infinity, and its product with 0, out.
    capped: npt.NDArray[np.float32] = np.minimum(scale, np.float32(2.0**60))
    return capped


def accumulator_range(weights: Int64Array, input_offset: int, bias: Int32Array | None) -> AccumulatorRange:
    """The range of ``weights`` ``(C, K)``, any zero point of their own included, over all int8 inputs."""
    missing = input_offset * weights.sum(1)
    if bias is not None:
        missing += bias
    low, high = sum_ranges(weights, INT8_MIN, INT8_MAX)
    return AccumulatorRange(missing, low, high, int(128 * np.abs(weights).sum(1).max(initial=0)))


def requantize(accumulators: Int64Array, scaling: Scaling) -> Int8Array:
    """The truth: integer accumulators ``(..., C)`` of any size, wrapped to int32 as C wraps them, to int8."""
    wrapped = wrap_int32(accumulators)
    if scaling.rounding == "float":
        low = np.float32(scaling.activation_min - scaling.output_offset)
        high = np.float32(scaling.activation_max - scaling.output_offset)
        steps = np.rint(np.clip(wrapped.astype(np.float32) * scaling.float_scale, low, high))
        shifted: npt.NDArray[np.float32] = steps + np.float32(scaling.output_offset)
        return shifted.astype(np.int8)
    multiply = (
        multiply_by_quantized_multiplier
        if scaling.rounding == "double"
        else multiply_by_quantized_multiplier_single_rounding
    )
    scaled = wrap_int32(multiply(wrapped, scaling.multiplier, scaling.shift) + scaling.output_offset)
    clamped: Int64Array = np.clip(scaled, scaling.activation_min, scaling.activation_max)
    return clamped.astype(np.int8)


def prepare_requantize(
    scaling: Scaling,
    bounds: AccumulatorRange,
    accumulators: Accumulators,
    cells: Callable[[npt.NDArray[Any]], npt.NDArray[Any]],
    output: Int8Array,
    reused: bool,
) -> Step:
    """Chooses the fastest proved way from a workspace of raw sums to the output and makes it ready.

    Args:
        scaling: what to compute.
        bounds: what the workspace can hold.
        accumulators: the raw sums, without ``bounds.bias``; the step may overwrite them.
        cells: given an array like ``accumulators.rows``, the view of those elements that make up the output.
        output: contiguous, with as many elements.
        reused: whether the step will run more than once; a single run is not worth a proof.
    """
    if not reused or not _stays_in_int32(scaling, bounds):
        return _exact_step(scaling, bounds.bias, cells(accumulators.rows), output)
    if scaling.rounding == "float":
        return _float_dialect_step(scaling, bounds.bias, accumulators, cells, output)
    fitted = _fit(scaling, bounds, accumulators.rows.dtype == np.float32)
    if fitted is None:
        return _exact_step(scaling, bounds.bias, cells(accumulators.rows), output)
    return _affine_step(scaling, fitted, accumulators, cells, output)


def _stays_in_int32(scaling: Scaling, bounds: AccumulatorRange) -> bool:
    """Whether no accumulator wraps, nor its left shift, nor the sum with the output's offset."""
    largest = np.maximum(np.abs(bounds.low + bounds.bias), np.abs(bounds.high + bounds.bias))
    left = np.maximum(scaling.shift, 0)
    return bool(((left < 31) & (largest <= (INT32_MAX - 255) >> np.minimum(left, 31))).all())


def _fit(scaling: Scaling, bounds: AccumulatorRange, try_float32: bool) -> Affine | None:
    """A proved formula for all channels: in float32 if that is wanted and can be, or else in float64; or None."""
    for dtype in (np.float32, np.float64) if try_float32 else (np.float64,):
        parts = []
        for start in range(0, len(bounds.bias), _CHANNELS_AT_ONCE):
            part = _fit_channels(scaling, bounds, slice(start, start + _CHANNELS_AT_ONCE), dtype)
            if part is None:
                break
            parts.append(part)
        else:
            return join(parts)
    return None


def _fit_channels(scaling: Scaling, bounds: AccumulatorRange, channels: slice, dtype: FloatType) -> Affine | None:
    assert scaling.rounding != "float"
    multiplier, shift, bias = scaling.multiplier[channels], scaling.shift[channels], bounds.bias[channels]
    steps = staircase(
        multiplier,
        shift,
        bias,
        bounds.low[channels],
        bounds.high[channels],
        scaling.output_offset,
        scaling.activation_min,
        scaling.activation_max,
        scaling.rounding,
    )
    return fit_affine(steps, multiplier, shift, bias, dtype)


def _affine_step(
    scaling: Scaling,
    formula: Affine,
    accumulators: Accumulators,
    cells: Callable[[npt.NDArray[Any]], npt.NDArray[Any]],
    output: Int8Array,
) -> Step:
    dtype: FloatType = formula.scale.dtype.type
    same_type = accumulators.rows.dtype == dtype
    values = accumulators if same_type else accumulators.like(dtype)
    tiles = list(zip(values.tiles, accumulators.tiles, strict=True))
    temporary = np.empty_like(values.tiles[0]) if formula.knee_low is not None else values.tiles[0]
    repeated = values.repeat_formula(formula)
    low = np.array(scaling.activation_min + UINT8_OFFSET, dtype)
    high = np.array(scaling.activation_max + UINT8_OFFSET, dtype)
    store = prepare_store(cells(values.rows), output)

    def run() -> None:
        for tile, source in tiles:
            if not same_type:
                np.copyto(tile, source)
            evaluate(repeated, tile, temporary)
            tile.clip(low, high, out=tile)
        store()

    return run


def _float_dialect_step(
    scaling: Scaling,
    bias: Int64Array,
    accumulators: Accumulators,
    cells: Callable[[npt.NDArray[Any]], npt.NDArray[Any]],
    output: Int8Array,
) -> Step:
    """XNNPACK: the accumulator to float32 (one rounding), times a float32 scale, clamped, half to even."""
    # float64 holds the sum with the bias exactly, whatever it is; the conversion then rounds once, as C's does.
    values = accumulators.like(np.float32)
    total = np.empty(values.tiles[0].shape)
    tiles = list(zip(values.tiles, accumulators.tiles, strict=True))
    repeated_bias, scale = values.repeat(bias.astype(np.float64)), values.repeat(scaling.float_scale)
    low = np.array(scaling.activation_min - scaling.output_offset, np.float32)
    high = np.array(scaling.activation_max - scaling.output_offset, np.float32)
    offset = np.array(scaling.output_offset + UINT8_OFFSET, np.float32)
    store = prepare_store(cells(values.rows), output)

    def run() -> None:
        for tile, source in tiles:
            np.copyto(total, source)
            np.add(total, repeated_bias, out=total)
            np.copyto(tile, total, casting="same_kind")
            np.multiply(tile, scale, out=tile)
            tile.clip(low, high, out=tile)
            np.rint(tile, out=tile)
            np.add(tile, offset, out=tile)
        store()

    return run


def _exact_step(scaling: Scaling, bias: Int64Array, sums: npt.NDArray[Any], output: Int8Array) -> Step:
    flat = output.reshape(-1, len(bias))

    def run() -> None:
        np.copyto(flat, requantize(sums.reshape(flat.shape).astype(np.int64) + bias, scaling))

    return run


def prepare_store(values: npt.NDArray[Any], output: Int8Array) -> Step:
    """The step that writes ``floor(values) - 128`` for values between 0 and 256, all in the output's memory."""
    output_bytes = output.reshape(-1).view(np.uint8)
    target = output_bytes.reshape(values.shape)

    def store() -> None:
        np.copyto(target, values, casting="unsafe")
        np.bitwise_xor(output_bytes, _SIGN_BIT, out=output_bytes)

    return store
