"""Functions of two elements, as calls of ``int8_pairs.h``, ``integer_pairs.h`` and ``float_pairs.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import INT8
from ember_infer_firmware.kernels import int8_pairs, plain_pairs
from ember_infer_firmware.kernels.broadcast import broadcast_rows, is_one_row
from ember_infer_firmware.kernels.lookup import LOOKUP, lookup_step
from ember_infer_firmware.step import Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

KERNELS = (LOOKUP, *int8_pairs.KERNELS, *plain_pairs.KERNELS)
# Of the functions that may have no result, which are divisions.
_NO_QUOTIENT = "a division by zero, or of -2**31 by -1, has no result; TensorFlow Lite Micro stops there"


def plan(context: Context, params: PairParams, input1: Place, input2: Place, output: Place) -> list[Step]:
    """One call: of int8 and a constant number by a table of 256 results, otherwise of what computes it."""
    check_activation(params)
    if params.dtype == INT8:
        step = _with_number(context, params, (input1, input2), output)
        if step is not None:
            return [step]
        function = int8_pairs.function(context, params)
    else:
        function = plain_pairs.function(params)
    inputs = (input2, input1) if function.is_swapped else (input1, input2)
    shapes = [place.shape for place in inputs]
    if function.flat is not None and is_one_row(shapes, output.shape):
        one_row = {"count": element_count(output.shape), "rows": None}
        return [Step(function.flat, {**one_row, **function.fields}, (*inputs, output))]
    rows = broadcast_rows(context, shapes, output.shape)
    return [Step(function.broadcast, {**rows, **function.fields}, (*inputs, output), failure=_NO_QUOTIENT)]


def _with_number(context: Context, params: PairParams, inputs: tuple[Place, Place], output: Place) -> Step | None:
    everything = np.arange(-128, 128, dtype=np.int8)
    for number, other, is_first in ((inputs[0], inputs[1], True), (inputs[1], inputs[0], False)):
        data = number.data
        if data is not None and data.size == 1 and is_one_row([other.shape], output.shape):
            pair = (data.reshape(1), everything) if is_first else (everything, data.reshape(1))
            return lookup_step(context, params.elements(*pair), other, output)
    return None
