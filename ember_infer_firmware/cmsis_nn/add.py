"""ADD as a call of CMSIS-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_firmware.cmsis_nn.pairs import check_alike
from ember_infer_firmware.library_fields import add_fields
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.add import ElementwiseAddParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_ADD = Kernel("cmsis_nn_add", "cmsis_nn_add", 3, fails=True)
KERNELS = (_ADD,)


def plan(context: Context, params: ElementwiseAddParams, input1: Place, input2: Place, output: Place) -> list[Step]:
    """One call, of int8 tensors of one shape."""
    check_activation(params)
    check_alike(params)
    return [Step(_ADD, add_fields(params), (input1, input2, output))]
