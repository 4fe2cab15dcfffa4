"""SOFTMAX as a call of CMSIS-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.slots import INT8
from ember_infer_firmware.library_fields import softmax_fields
from ember_infer_firmware.step import Declined, Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_MOST_CLASSES = 511
_SOFTMAX = Kernel("cmsis_nn_softmax", "cmsis_nn_softmax", 2)
KERNELS = (_SOFTMAX,)


def plan(context: Context, params: SoftmaxParams, input: Place, output: Place) -> list[Step]:
    """One call, of int8 to int8; the reference computes other types."""
    if (params.dtype, params.output_dtype) != (INT8, INT8):
        raise Declined("a softmax of other types than int8: the reference kernel")
    if params.input_shape[-1] > _MOST_CLASSES:  # whose exponentials may sum to 512 or more
        raise Declined("a softmax of over 511 classes, where CMSIS-NN may shift by more than 31: the reference kernel")
    return [Step(_SOFTMAX, softmax_fields(params), (input, output))]
