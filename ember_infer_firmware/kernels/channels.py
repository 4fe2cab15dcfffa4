"""Constants of sums of products, as ``channels.h`` reads them, and what is left of the activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import AnyArray, Int8Array, Int32Array
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ember_infer_core.fixed_point import Int64Array
    from ember_infer_core.ops.sums import SumParams
    from ember_infer_firmware.context import Context

__all__ = [
    "CLAMP",
    "TOGETHER",
    "biases",
    "channels",
    "clamps",
    "doubled_zero",
    "interleaved",
    "right_shifts",
    "short",
    "within",
    "wrapped",
]

CLAMP = Kernel("clamp_in_place", "clamp", 1)
TOGETHER = 4  # channels that share each load of the input

_ANY_SHIFT = 64  # EMBER_ANY_SHIFT
_MOST_RIGHT = 21  # the zero point, shifted as far to the left, stays below 2**30


def channels(
    context: Context, params: SumParams, rows: AnyArray, bias: AnyArray | None, groups: int = 1
) -> dict[str, Value]:
    """The fields of ``struct ember_channels``, for weights ``(channels, products)``, group by group."""
    shift, is_right = right_shifts(params, rows, bias)
    encoded = np.where(is_right, shift, params.output_shift - _ANY_SHIFT)
    return {
        "bias": context.constant("bias", biases(params, rows, bias, groups)),
        "multiplier": context.constant("multiplier", params.output_multiplier),
        "shift": context.constant("shift", encoded.astype(np.int8)),
        "zero": doubled_zero(params),
        **short(count=len(rows)),
    }


def doubled_zero(params: SumParams) -> int:
    """The output's zero point above -128, and a half, as an integer."""
    return 2 * (params.output_offset + 128) + 1


def biases(params: SumParams, rows: AnyArray, bias: AnyArray | None, groups: int = 1) -> Int32Array:
    """With the share that the input's zero point has in the sums; and zeros behind them, because the last channels of
    the last group are read as four.
    """
    start = params.input_offset * rows.sum(1, dtype=np.int64) + _wide(rows, bias)
    behind = -(len(rows) // groups) % TOGETHER
    return np.concatenate([wrapped(start), np.zeros(behind, np.int32)])


def wrapped(sums: Int64Array) -> Int32Array:
    """As an int32 of C keeps them."""
    return wrap_int32(sums).astype(np.int32)


def right_shifts(params: SumParams, rows: AnyArray, bias: AnyArray | None) -> tuple[Int32Array, AnyArray]:
    """For each channel by how much ``ember_scaled_right`` shifts, and whether it may: no sum of these weights goes
    beyond 30 bits, whatever the inputs.
    """
    farthest = max(abs(-128 + params.input_offset), abs(127 + params.input_offset))
    most = np.abs(_wide(rows, bias)) + farthest * np.abs(rows.astype(np.int64)).sum(1)
    shift = -params.output_shift
    return shift, (most < 2**30) & (shift > 0) & (shift <= _MOST_RIGHT)


def _wide(rows: AnyArray, bias: AnyArray | None) -> Int64Array:
    return np.zeros(len(rows), np.int64) if bias is None else bias.astype(np.int64)


def clamps(params: SumParams, output: Place) -> list[Step]:
    """A clamp to the activation's range where the kernel's, to that of int8, is not the same: few models have one."""
    low, high = params.activation_min, params.activation_max
    if (low, high) == (-128, 127):
        return []
    return [Step(CLAMP, {"count": element_count(output.shape), "low": low, "high": high}, (output,))]


def interleaved(rows: Int8Array, *, whole: bool) -> Int8Array:
    """Rows ``(C, K)`` four at a time, column by column. The last ones, fewer than four, are filled up to four with
    zeros, or are likewise, with some zeros behind them for a kernel that always reads four.
    """
    if whole:
        rows = np.concatenate([rows, np.zeros((-len(rows) % TOGETHER, rows.shape[1]), np.int8)])
    fours = [rows[first : first + TOGETHER].T.reshape(-1) for first in range(0, len(rows), TOGETHER)]
    return np.concatenate(fours if whole else [*fours, np.zeros(-len(rows) % TOGETHER, np.int8)])


def short(**fields: int) -> dict[str, Value]:
    """Fields of 16 bits without a sign.

    Raises:
        KernelError: one has more.
    """
    for name, value in fields.items():
        if not 0 <= value < 2**16:
            raise KernelError(f"{name.replace('_', ' ')} of {value}: firmware has kernels for up to 65535")
    return dict(fields)


def within(name: str, fields: Mapping[str, Value]) -> dict[str, Value]:
    """The fields of a struct as those of one that it is in."""
    return {f"{name}.{inner}": value for inner, value in fields.items()}
