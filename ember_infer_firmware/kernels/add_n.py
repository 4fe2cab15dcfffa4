"""ADD_N as calls of ``add_n.h``, one for each input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import KernelError, UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import INT8
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.add_n import AddNParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_PART = Kernel("add_n_part", "add_n", 2)
_LAST = Kernel("add_n", "add_n", 3)
_FLOAT = Kernel("float_add_n", "add_n", 2)
KERNELS = (_PART, _LAST, _FLOAT)

_MAX_INPUTS = 256  # the sums of all but one are int16


def plan(context: Context, params: AddNParams, inputs: tuple[Place, ...], output: Place) -> list[Step]:
    """The sums of float32 grow in the output, those of int8 in scratch."""
    count = element_count(output.shape)
    if params.dtype == np.float32:
        fields = [{"count": count, "is_first": int(number == 0)} for number in range(len(inputs))]
        return [Step(_FLOAT, one, (input, output)) for one, input in zip(fields, inputs, strict=True)]
    if params.dtype != INT8:
        raise UnsupportedOperator(f"ADD_N: no kernel computes it of {params.dtype}")
    if len(inputs) > _MAX_INPUTS:
        raise KernelError(f"ADD_N of {len(inputs)} inputs; the kernel adds up {_MAX_INPUTS}")
    sums = context.scratch(output.shape, np.int16)
    parts = [
        Step(_PART, {"count": count, "is_first": int(number == 0)}, (input, sums))
        for number, input in enumerate(inputs[:-1])
    ]
    last = {
        "count": count,
        "offset": params.input_offset * (len(inputs) + 1),  # TFLM's sums begin with what an input of 0 comes to
        "multiplier": params.output_multiplier,
        "shift": params.output_shift,
        "output_offset": params.output_offset,
    }
    return [*parts, Step(_LAST, last, (sums, inputs[-1], output))]
