"""SOFTMAX, in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import (
    get_reciprocal,
    rounding_divide_by_pot,
    wrap_int32,
)
from ember_infer_core.ops.softmax import softmax_exponentials
from ember_infer_core.quantization import INT8_MAX, INT8_MIN, INT32_MAX
from ember_infer_core.slots import Int8Array
from ember_infer_core.transcendental import reciprocal_of_half
from ember_infer_ref.affine import Int64Array
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams

__all__ = ["get_reciprocals", "softmax"]

_ACCUMULATION_INTEGER_BITS = 12
_OUTPUT_BITS = 8
_FEW_ELEMENTS = 64
_SIGN_BIT = np.array(0x80, np.uint8)


def softmax(params: SoftmaxParams) -> None:
    """SOFTMAX along the last axis. Source: TFLM ``reference_ops::Softmax`` for int8.

    TFLM stops the program where the exponentials of a row sum to 512 or more, for want of bits in the accumulator; here
    every class of such a row comes out as -128.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.softmax", _prepare)


def _prepare(params: SoftmaxParams) -> Step:
    classes = params.input_shape[-1]
    logits, output = params.input.reshape(-1, classes), params.output.reshape(-1, classes)
    exponentials = softmax_exponentials(params)
    summands = rounding_divide_by_pot(exponentials, _ACCUMULATION_INTEGER_BITS)
    # Python's integers are quicker than NumPy's calls on a few elements.
    prepare = _prepare_few if logits.size <= _FEW_ELEMENTS else _prepare_many
    return prepare(exponentials, summands, logits, output)


def _prepare_few(exponentials: Int64Array, summands: Int64Array, logits: Int8Array, output: Int8Array) -> Step:
    """Row by row, element by element."""
    exponential, summand = exponentials.tolist(), summands.tolist()

    def run() -> None:
        for row, values in enumerate(logits.tolist()):
            greatest = max(values)
            distances = [greatest - value for value in values]
            total = sum([summand[distance] for distance in distances])
            scale, bits = get_reciprocal(total, _ACCUMULATION_INTEGER_BITS)
            shift = bits + 31 - _OUTPUT_BITS
            nudge = 1 << shift >> 1
            output[row] = [
                min(((scale * exponential[distance] + (1 << 30) >> 31) + nudge >> shift) + INT8_MIN, INT8_MAX)
                for distance in distances
            ]

    return run


def _prepare_many(exponentials: Int64Array, summands: Int64Array, logits: Int8Array, output: Int8Array) -> Step:
    """All rows at once."""
    logit_bytes, output_bytes = logits.view(np.uint8), output.view(np.uint8)
    distances, greatest = np.empty_like(logit_bytes), np.empty((len(logits), 1), np.uint8)
    values, summand = np.empty(logits.shape, np.int64), np.empty(logits.shape, np.int64)

    def run() -> None:
        np.bitwise_xor(logit_bytes, _SIGN_BIT, out=distances)  # int8 to 0..255 in the same order
        np.maximum.reduce(distances, axis=1, keepdims=True, out=greatest)
        np.subtract(greatest, distances, out=distances)
        summands.take(distances, out=summand, mode="clip")
        exponentials.take(distances, out=values, mode="clip")
        totals = wrap_int32(summand.sum(axis=1))
        totals = np.where(totals > 0, totals, INT32_MAX)
        scales, bits = get_reciprocals(totals, _ACCUMULATION_INTEGER_BITS)
        shifts = (bits + 31 - _OUTPUT_BITS)[:, None]
        # SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT, of values that are not negative.
        np.multiply(values, scales[:, None], out=values)
        np.add(values, 1 << 30, out=values)
        np.right_shift(values, 31, out=values)
        np.add(values, (np.int64(1) << shifts) >> 1, out=values)
        np.right_shift(values, shifts, out=values)
        np.minimum(values, 255, out=values)
        np.copyto(output_bytes, values, casting="unsafe")
        np.bitwise_xor(output_bytes, _SIGN_BIT, out=output_bytes)

    return run


def get_reciprocals(x: Int64Array, integer_digits: int) -> tuple[Int64Array, Int64Array]:
    """:func:`ember_infer_core.fixed_point.get_reciprocal` of every positive value of an array."""
    leading_zeros = 32 - np.frexp(x.astype(np.float64))[1].astype(np.int64)
    half_denominator = x << leading_zeros >> 1  # of 1 + a, where x has been normalised to [1, 2)
    reciprocal = reciprocal_of_half(half_denominator)
    return np.minimum(reciprocal << 1, INT32_MAX), integer_digits - leading_zeros
