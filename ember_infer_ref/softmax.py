"""SOFTMAX: in integers, or in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import get_reciprocal, rounding_divide_by_pot
from ember_infer_core.ops.softmax import softmax_exponentials
from ember_infer_core.quantization import INT32_MAX
from ember_infer_core.slots import AnyArray, Int8Array
from ember_infer_core.transcendental import reciprocal_of_half
from ember_infer_ref.affine import Int64Array
from ember_infer_ref.exponential import exponential
from ember_infer_ref.plan import Step, run_prepared
from ember_infer_ref.reduction import greatest_of_rows, summed_in_order

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams

__all__ = ["get_reciprocals", "softmax"]

_ACCUMULATION_INTEGER_BITS = 12
_FEW_ELEMENTS = 64
_SIGN_BIT = np.array(0x80, np.uint8)
_UINT32_MAX = (1 << 32) - 1


def softmax(params: SoftmaxParams) -> None:
    """SOFTMAX along the last axis. Source: TFLM ``reference_ops::Softmax``.

    Of int8, TFLM stops the program where the exponentials of a row sum to 512 or more, for want of bits in the
    accumulator; here every class of such a row comes out as the least value.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.softmax", _prepare)


def _prepare(params: SoftmaxParams) -> Step:
    return _prepare_float32(params) if params.dtype == np.float32 else _prepare_int8(params)


def _prepare_float32(params: SoftmaxParams) -> Step:
    logits, output, beta = params.input, params.output, np.float32(params.beta)

    def run() -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            exponents = (logits - greatest_of_rows(logits)) * beta
            exponentials = exponential(exponents)
            np.divide(exponentials, summed_in_order(exponentials), out=output)

    return run


def _prepare_int8(params: SoftmaxParams) -> Step:
    classes = params.input_shape[-1]
    logits, output = params.input.reshape(-1, classes), params.output.reshape(-1, classes)
    exponentials = softmax_exponentials(params)
    summands = rounding_divide_by_pot(exponentials, _ACCUMULATION_INTEGER_BITS)
    # Python's integers are quicker than NumPy's calls on a few elements.
    prepare = _prepare_few if logits.size <= _FEW_ELEMENTS else _prepare_many
    return prepare(exponentials, summands, logits, output)


def _prepare_few(exponentials: Int64Array, summands: Int64Array, logits: Int8Array, output: AnyArray) -> Step:
    """Row by row, element by element."""
    exponential, summand = exponentials.tolist(), summands.tolist()
    limits = np.iinfo(output.dtype)
    lowest, highest = int(limits.min), int(limits.max)

    def run() -> None:
        for row, values in enumerate(logits.tolist()):
            greatest = max(values)
            distances = [greatest - value for value in values]
            total = sum([summand[distance] for distance in distances])
            scale, bits = get_reciprocal(total, _ACCUMULATION_INTEGER_BITS)
            shift = bits + 31 - limits.bits
            nudge = 1 << shift >> 1
            output[row] = [
                min(((scale * exponential[distance] + (1 << 30) >> 31) + nudge >> shift) + lowest, highest)
                for distance in distances
            ]

    return run


def _prepare_many(exponentials: Int64Array, summands: Int64Array, logits: Int8Array, output: AnyArray) -> Step:
    """All rows at once."""
    bits_of_output = 8 * output.itemsize
    logit_bytes, unsigned_output = logits.view(np.uint8), output.view(f"u{output.itemsize}")
    output_sign_bit = unsigned_output.dtype.type(1 << bits_of_output - 1)
    distances, greatest = np.empty_like(logit_bytes), np.empty((len(logits), 1), np.uint8)
    values, summand = np.empty(logits.shape, np.int64), np.empty(logits.shape, np.int64)

    def run() -> None:
        np.bitwise_xor(logit_bytes, _SIGN_BIT, out=distances)  # int8 to 0..255 in the same order
        np.maximum.reduce(distances, axis=1, keepdims=True, out=greatest)
        np.subtract(greatest, distances, out=distances)
        summands.take(distances, out=summand, mode="clip")
        exponentials.take(distances, out=values, mode="clip")
        totals = summand.sum(axis=1) & _UINT32_MAX  # TFLM's sums of 2**31 or more turn negative, and are read as bits
        totals = np.where(totals > 0, totals, INT32_MAX)
        scales, bits = get_reciprocals(totals, _ACCUMULATION_INTEGER_BITS)
        shifts = (bits + 31 - bits_of_output)[:, None]
        # SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT, of values that are not negative.
        np.multiply(values, scales[:, None], out=values)
        np.add(values, 1 << 30, out=values)
        np.right_shift(values, 31, out=values)
        np.add(values, (np.int64(1) << shifts) >> 1, out=values)
        np.right_shift(values, shifts, out=values)
        np.minimum(values, (1 << bits_of_output) - 1, out=values)
        np.copyto(unsigned_output, values, casting="unsafe")
        np.bitwise_xor(unsigned_output, output_sign_bit, out=unsigned_output)

    return run


def get_reciprocals(x: Int64Array, integer_digits: int) -> tuple[Int64Array, Int64Array]:
    """:func:`ember_infer_core.fixed_point.get_reciprocal` of every positive value of an array."""
    leading_zeros = 32 - np.frexp(x.astype(np.float64))[1].astype(np.int64)
    half_denominator = x << leading_zeros >> 1  # of 1 + a, where x has been normalised to [1, 2)
    reciprocal = reciprocal_of_half(half_denominator)
    return np.minimum(reciprocal << 1, INT32_MAX), integer_digits - leading_zeros
