"""What convolutions and fully connected layers share: how sums of products are scaled, and their constants packed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.activation import check_activation
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.sums import sum_ranges
from ember_infer_core.quantization import INT8_MAX, INT8_MIN
from ember_infer_core.slots import Int32Array
from ember_infer_core.staircase import Int64Array
from ember_infer_native.requantization import Choice, Requantization, plan_requantization

if TYPE_CHECKING:
    from ember_infer_core.ops.sums import SumParams
    from ember_infer_native.kernels.context import Context

__all__ = ["Scaled", "pack_requantization", "proves", "scale_sums"]

_LEAST = 8  # channels that the search for a single one costs as much as


@dataclass(frozen=True, slots=True)
class Scaled:
    """What C channels add to their sums, int32 ``(C,)``, and how the sums become bytes."""

    bias: npt.NDArray[np.int32]
    requantization: Requantization

    def map(self, function: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Scaled:
        """The same for the channels that the function makes of an array of these."""
        return Scaled(function(self.bias), self.requantization.map(function))


def proves(context: Context, channels: int) -> bool:
    """Whether to look for the fast ways from sums to bytes; without, so many channels take the exact one."""
    return context.target.floats and context.search.affords(max(channels, _LEAST))


def scale_sums(context: Context, params: SumParams, weights: Int64Array, bias: Int32Array | None) -> Scaled:
    """The scaling of sums of these weights ``(C, K)``, any zero point of their own included."""
    check_activation(params)
    addend = np.zeros(len(weights), np.int64) if bias is None else bias.astype(np.int64)
    least, most = sum_ranges(weights, INT8_MIN + params.input_offset, INT8_MAX + params.input_offset)
    requantization = plan_requantization(
        least + addend,
        most + addend,
        params.output_multiplier,
        params.output_shift,
        params.output_offset,
        params.activation_min,
        params.activation_max,
        proves(context, len(weights)),
    )
    # Memory holds int8 values plus the target's bias.
    missing = addend + (params.input_offset - context.target.bias) * weights.sum(1)
    return Scaled(wrap_int32(missing).astype(np.int32), requantization)


def pack_requantization(scaled: Scaled, choice: Choice, lanes: int) -> bytes:
    """Bias and factors of the channels, each array filled up to so many lanes."""
    arrays = [scaled.bias, *scaled.requantization.factors(choice)]
    return b"".join(np.pad(array, (0, lanes - len(array))).tobytes() for array in arrays)
