"""ADD and SUB of int8 as one formula, ``(a * factor1 + b * factor2 + constant) >> shift``, checked on all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from ember_infer_core.ops.rescaled_pairs import RescaledPairParams
from ember_infer_core.quantization import INT32_MAX, INT32_MIN

__all__ = ["linear_formula"]

_SHIFTS = range(25, 12, -1)
_NUDGES = (0, 1, -1, 2, -2)
# In 24 bits, signed: kernels cut them in two for multipliers of 16 bits.
_MOST = (1 << 23) - 1
# A sixteenth of the pairs, which tells of most factors that they will not do, and all.
_ROWS = slice(None, None, 16), slice(None)


def linear_formula(
    params: RescaledPairParams, sign: int, table: npt.NDArray[np.integer], bias: int = 0
) -> dict[str, int] | None:
    """The formula whose results, clamped to the activation's range, are those of a call, for every pair.

    Args:
        params: of an ADD or a SUB of int8.
        sign: of the second input: 1 or -1.
        table: the results for every two bytes: ``(256, 256)``.
        bias: bytes are int8 + bias, in inputs, table and results: 128 or 0.

    Returns:
        ``factor1`` and ``factor2``, each of 24 bits, ``constant`` and ``shift``; the sum is one of int32, its parts
        wrap. None where no formula gives the table.
    """
    kind = np.uint8 if bias else np.int8
    wanted, values = table.view(kind).astype(np.int64), np.arange(256, dtype=np.uint8).view(kind).astype(np.int64)
    output_scale = float(np.float32(params.output_quant.scale))
    real1 = float(np.float32(params.input1_quant.scale)) / output_scale
    real2 = sign * float(np.float32(params.input2_quant.scale)) / output_scale
    clamps = params.activation_min + bias, params.activation_max + bias
    # What the sum is where both inputs are zero, in units of 2**-shift.
    zero1, zero2, zero = bias - params.input1_offset, bias - params.input2_offset, params.output_offset + bias
    for shift in _SHIFTS:
        for nudge1, nudge2 in itertools.product(_NUDGES, _NUDGES):
            factor1, factor2 = round(real1 * 2**shift) + nudge1, round(real2 * 2**shift) + nudge2
            terms = factor1 * values, factor2 * values
            near = (zero << shift) + (1 << shift >> 1) - factor1 * zero1 - factor2 * zero2
            least, most = (int(limit(terms[0]) + limit(terms[1])) for limit in (np.min, np.max))
            if not (least + near >= INT32_MIN and most + near <= INT32_MAX):
                break  # the sum needs more bits than it has
            if max(abs(factor1), abs(factor2)) > _MOST:
                continue
            limits = INT32_MIN - least, INT32_MAX - most
            constant = _constant(terms, wanted, clamps, shift, near, limits)
            if constant is not None:
                # Modulo 2**32 the parts of the sum may be anything.
                wrapped = (constant - INT32_MIN) % 2**32 + INT32_MIN
                return {"factor1": factor1, "factor2": factor2, "constant": wrapped, "shift": shift}
    return None


def _constant(
    terms: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    wanted: npt.NDArray[np.int64],
    clamps: tuple[int, int],
    shift: int,
    near: int,
    limits: tuple[int, int],
) -> int | None:
    """The constant next to ``near`` with which ``(term + term + constant) >> shift`` is as wanted of all pairs, within
    the clamp.
    """
    (low, high), (least, most) = clamps, limits
    for rows in _ROWS:
        sums, here = terms[0][rows, None] + terms[1], wanted[rows]
        least = int(np.where(here > low, (here << shift) - sums, least).max(initial=least))
        most = int(np.where(here < high, (here + 1 << shift) - sums - 1, most).min(initial=most))
        if least > most:
            return None
    return min(max(near, least), most)
