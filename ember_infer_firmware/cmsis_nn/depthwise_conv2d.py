"""DEPTHWISE_CONV_2D as a call of CMSIS-NN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_firmware.cmsis_nn.conv2d import general_scratch
from ember_infer_firmware.cmsis_nn.windows import check_products, window
from ember_infer_firmware.context import ScratchLen
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
    from ember_infer_core.slots import Int8Array, Int32Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_HEADER = "cmsis_nn_depthwise_conv2d"
_ANY = Kernel("cmsis_nn_depthwise_conv2d", _HEADER, 3, True, "cmsis_nn_window")
_SINGLE = Kernel("cmsis_nn_depthwise_conv2d_opt", _HEADER, 3, True, "cmsis_nn_window")
_SINGLE_3X3 = Kernel("cmsis_nn_depthwise_conv2d_3x3", _HEADER, 3, True, "cmsis_nn_window")
_ONE_CHANNEL = Kernel("cmsis_nn_depthwise_one_channel", _HEADER, 3, fails=True)
KERNELS = (_ANY, _ONE_CHANNEL, _SINGLE, _SINGLE_3X3)
_MVE_CHANNELS = 124  # CH_IN_BLOCK_MVE: channels that the library gathers at once


def plan(
    context: Context,
    params: DepthwiseConv2dParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    """One call, of the function that the library's wrapper would choose."""
    check_activation(params)
    _, filter_h, filter_w, channels = params.weights_shape
    taps = filter_h * filter_w
    check_products(taps)
    fields = window(context, params, weights, bias) | {"depth_multiplier": params.depth_multiplier}
    is_plain = params.input_shape[0] == 1 and (params.dilation_h_factor, params.dilation_w_factor) == (1, 1)
    if params.input_shape[3] == 1:
        turned = context.constant("turned", weights.transpose(3, 1, 2, 0))
        scratch = context.scratch_by_core(ScratchLen(plain=0, dsp=0, mve=general_scratch(taps).mve))
        single = {f"window.{name}": value for name, value in fields.items()} | {"turned": turned}
        return [Step(_ONE_CHANNEL, single, (input, output, scratch))]
    if params.depth_multiplier != 1 or not is_plain:
        return [Step(_ANY, fields, (input, output, None))]
    is_3x3 = (filter_h, filter_w) == (3, 3) and max(params.pad_h, params.pad_w) <= 1
    need = ScratchLen(plain=0, dsp=0 if is_3x3 else 2 * channels * taps, mve=4 * _MVE_CHANNELS * taps)
    scratch = context.scratch_by_core(need)
    return [Step(_SINGLE_3X3 if is_3x3 else _SINGLE, fields, (input, output, scratch))]
