"""CONV_2D as a call of CMSIS-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_firmware.cmsis_nn.windows import check_products, window
from ember_infer_firmware.context import ScratchLen
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.conv2d import Conv2dParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "general_scratch", "plan"]

_HEADER = "cmsis_nn_conv2d"
_GENERAL = Kernel("cmsis_nn_conv2d", _HEADER, 3, True, "cmsis_nn_window")
_POINTWISE = Kernel("cmsis_nn_conv2d_1x1", _HEADER, 3, True, "cmsis_nn_window")
_POINTWISE_FAST = Kernel("cmsis_nn_conv2d_1x1_fast", _HEADER, 3, True, "cmsis_nn_window")
KERNELS = (_GENERAL, _POINTWISE, _POINTWISE_FAST)


def plan(
    context: Context,
    params: Conv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """One call, of the function that the library's wrapper would choose."""
    check_activation(params)
    kernel = _kernel(params)
    _, filter_h, filter_w, filter_c = params.weights_shape
    check_products(filter_h * filter_w * filter_c)
    scratch = None  # what one for 1 x 1 filters can use, with Arm's compiler alone, it can do without
    if kernel is _GENERAL:
        scratch = context.scratch_by_core(general_scratch(filter_h * filter_w * params.input_shape[3]))
    if bias is None and params.groups > 1:
        bias = np.zeros(len(weights), np.int32)  # the library goes from group to group in it without a look
    fields = window(context, params, weights, bias)
    return [Step(kernel, fields, (input, output, scratch))]


def _kernel(params: Conv2dParams) -> Kernel:
    is_pointwise = (
        params.weights_shape[1:3] == (1, 1)
        and (params.pad_h, params.pad_w) == (0, 0)
        and (params.dilation_h_factor, params.dilation_w_factor) == (1, 1)
        and params.groups == 1
    )
    if not is_pointwise:
        return _GENERAL
    return _POINTWISE_FAST if (params.stride_h, params.stride_w) == (1, 1) else _POINTWISE


def general_scratch(columns: int) -> ScratchLen:
    """Bytes for ``arm_convolve_s8``, with filters of so many elements: ``arm_convolve_s8_get_buffer_size``."""
    pairs = 2 * (-(-columns // 4) * 4) * 2
    return ScratchLen(plain=pairs, dsp=pairs, mve=4 * (-(-columns // 16) * 16))
