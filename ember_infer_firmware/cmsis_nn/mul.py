"""MUL as a call of CMSIS-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.cmsis_nn.pairs import check_alike
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_MUL = Kernel("cmsis_nn_mul", "cmsis_nn_mul", 3, fails=True)
KERNELS = (_MUL,)


def plan(context: Context, params: MulParams, input1: Place, input2: Place, output: Place) -> list[Step]:
    """One call, of int8 tensors of one shape."""
    check_activation(params)
    check_alike(params)
    fields = {
        "count": element_count(params.output_shape),
        "input1_offset": params.input1_offset,
        "input2_offset": params.input2_offset,
        "output_offset": params.output_offset,
        "output_multiplier": params.output_multiplier,
        "output_shift": params.output_shift,
        "activation_min": params.activation_min,
        "activation_max": params.activation_max,
    }
    return [Step(_MUL, fields, (input1, input2, output))]
