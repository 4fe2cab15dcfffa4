"""What every operator is to give, straight from its definition: slow, in exact integers, apart from any kernel.

The roundings are the dialects of runtimes: ``double`` is TensorFlow Lite Micro's, the one that counts; the others are
here so that a report can say which of them explains a wrong answer (see ``docs/exactness.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from ember_infer_core.fixed_point import (
    exp_on_negative_values,
    get_reciprocal,
    multiply_by_quantized_multiplier,
    multiply_by_quantized_multiplier_single_rounding,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from ember_infer_core.ops.add import ElementwiseAddParams
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.ops.mul import MulParams
from ember_infer_core.ops.pool import PoolParams
from ember_infer_core.ops.reshape import ReshapeParams
from ember_infer_core.ops.softmax import SoftmaxParams
from ember_infer_core.quantization import PerChannelQuantParam
from ember_infer_core.slots import Int8Array

__all__ = [
    "DEFINITIONS",
    "ROUNDINGS",
    "Int64Array",
    "Rounding",
    "Scaled",
    "clamped",
    "defined",
    "requantized",
    "sums",
    "window_slices",
]

Int64Array: TypeAlias = npt.NDArray[np.int64]
Scaled: TypeAlias = Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams
Windowed: TypeAlias = Conv2dParams | DepthwiseConv2dParams | PoolParams
Rounding: TypeAlias = Literal["double", "single", "float", "no-nudge"]
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)


def defined(operator: str, params: Any, rounding: Rounding = "double") -> Int8Array:
    """The output of one call of ``operator``, a method of :class:`KernelBackend`, whose inputs are bound."""
    return clamped(params, DEFINITIONS[operator](params, rounding))


def clamped(params: Any, values: Int64Array) -> Int8Array:
    """Values as int8, clamped to the call's activation range if it has one."""
    low, high = getattr(params, "activation_min", -128), getattr(params, "activation_max", 127)
    return np.clip(values, low, high).astype(np.int8)


def scaled(values: Int64Array, multiplier: Any, shift: Any, rounding: Rounding) -> Int64Array:
    """``values * multiplier * 2**(shift - 31)`` in one of the dialects."""
    if rounding == "single":
        return multiply_by_quantized_multiplier_single_rounding(values, multiplier, shift)
    if rounding == "no-nudge":
        return _without_nudge(values, multiplier, shift)
    if rounding == "float":
        real = np.ldexp(np.asarray(multiplier, np.float64), np.asarray(shift, np.int32) - 31).astype(np.float32)
        product = (np.asarray(values).astype(np.float32) * real).astype(np.float64)
        return np.rint(product).astype(np.int64)
    return multiply_by_quantized_multiplier(values, multiplier, shift)


def _without_nudge(values: Int64Array, multiplier: Any, shift: Any) -> Int64Array:
    """What ESP-NN's 1x1 convolution for the ESP32-S3 does when built with SKIP_NUDGE: the first rounding is a floor."""
    shift = np.asarray(shift, np.int64)
    high = (wrap_int32(np.asarray(values) << np.maximum(shift, 0)) * np.asarray(multiplier, np.int64)) >> 31
    right = np.maximum(-shift, 0)
    half = (np.int64(1) << right) >> 1
    rounded: Int64Array = np.where(right > 0, (high + half - (high < 0)) >> right, high)
    return rounded


def sums(params: Scaled) -> Int64Array:
    """Sums of ``(input + offset) * (weights + offset)`` for each output, without bias, beyond any range."""
    if isinstance(params, FullyConnectedParams):
        rows = params.input.reshape(-1, params.weights_shape[1]).astype(np.int64) + params.input_offset
        products: Int64Array = rows @ (params.weights.astype(np.int64) + params.weights_offset).T
        return products.reshape(params.output_shape)
    values, weights = params.input.astype(np.int64) + params.input_offset, params.weights.astype(np.int64)
    total = np.zeros(params.output_shape, np.int64)
    if isinstance(params, DepthwiseConv2dParams):
        values = values.repeat(params.depth_multiplier, axis=3)
        for i, j, written, read in window_slices(params, params.weights_shape[1:3]):
            total[written] += values[read] * weights[0, i, j]
        return total
    depth, filters = params.weights_shape[3], params.weights_shape[0] // params.groups
    for i, j, written, read in window_slices(params, params.weights_shape[1:3]):
        for group in range(params.groups):
            of_group = slice(group * filters, (group + 1) * filters)
            seen = values[read][..., group * depth : (group + 1) * depth]
            total[written][..., of_group] += seen @ weights[of_group, i, j].T
    return total


Slices: TypeAlias = tuple[slice, slice, slice]


def window_slices(params: Windowed, kernel: tuple[int, int]) -> list[tuple[int, int, Slices, Slices]]:
    """For each tap of a window ``(row tap, column tap, outputs that see it inside the image, pixels they see)``."""
    _, height, width, _ = params.input_shape
    _, output_height, output_width, _ = params.output_shape
    dilation_h, dilation_w = getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)
    found = []
    for i, j in np.ndindex(*kernel):
        rows = _inside(i * dilation_h - params.pad_h, params.stride_h, height, output_height)
        columns = _inside(j * dilation_w - params.pad_w, params.stride_w, width, output_width)
        if rows and columns:
            found.append((i, j, (slice(None), rows[0], columns[0]), (slice(None), rows[1], columns[1])))
    return found


def _inside(start: int, stride: int, size: int, outputs: int) -> tuple[slice, slice] | None:
    """The outputs ``o`` with ``0 <= start + o * stride < size``, and those places; None if there are none."""
    first = max(0, -(start // stride))
    last = min(outputs - 1, (size - 1 - start) // stride)
    if first > last:
        return None
    return slice(first, last + 1), slice(start + first * stride, start + last * stride + 1, stride)


def requantized(params: Scaled, totals: Int64Array, rounding: Rounding = "double") -> Int64Array:
    """Sums to values of the output before the clamp: bias, wrap in int32, scale, output offset."""
    wrapped = wrap_int32(totals + (0 if params.bias is None else params.bias))
    if rounding == "float":
        real = wrapped.astype(np.float32) * _float_scales(params)
        return np.rint(real.astype(np.float64)).astype(np.int64) + params.output_offset
    result = scaled(wrapped, params.output_multiplier, params.output_shift, rounding)
    return wrap_int32(np.asarray(result + params.output_offset))


def _float_scales(params: Scaled) -> npt.NDArray[np.float32]:
    """What XNNPACK multiplies by, which is not the fixed-point multiplier."""
    quant = params.weights_quant
    weights = np.array(quant.scales if isinstance(quant, PerChannelQuantParam) else quant.scale, np.float32)
    scales = np.float32(params.input_quant.scale) * weights / np.float32(params.output_quant.scale)
    return np.asarray(scales, np.float32)


def _scaled_sums(params: Scaled, rounding: Rounding) -> Int64Array:
    return requantized(params, sums(params), rounding)


def _avg_pool(params: PoolParams, rounding: Rounding) -> Int64Array:
    """Rounded half away from zero; every dialect agrees. Source: TFLM ``reference_integer_ops::AveragePool``."""
    total, count = np.zeros(params.output_shape, np.int64), np.zeros(params.output_shape, np.int64)
    for _, _, written, read in window_slices(params, (params.filter_height, params.filter_width)):
        total[written] += params.input[read]
        count[written] += 1
    return np.where(total < 0, -((-total + count // 2) // count), (total + count // 2) // count)


def _max_pool(params: PoolParams, rounding: Rounding) -> Int64Array:
    greatest = np.full(params.output_shape, -128, np.int64)
    for _, _, written, read in window_slices(params, (params.filter_height, params.filter_width)):
        greatest[written] = np.maximum(greatest[written], params.input[read])
    return greatest


def _softmax(params: SoftmaxParams, rounding: Rounding) -> Int64Array:
    """Row by row. Source: TFLM ``reference_ops::Softmax``."""
    classes = params.input_shape[-1]
    result = np.empty(params.output_shape, np.int64)
    for row, output in zip(params.input.reshape(-1, classes), result.reshape(-1, classes), strict=True):
        differences = row.astype(np.int64) - int(row.max())
        shifted = wrap_int32(differences << params.input_left_shift)
        exponentials = exp_on_negative_values(saturating_rounding_doubling_high_mul(shifted, params.input_multiplier))
        counts = differences >= params.diff_min
        total = int(rounding_divide_by_pot(exponentials, 12)[counts].sum())
        scale, bits = get_reciprocal(total, 12)
        raw = rounding_divide_by_pot(saturating_rounding_doubling_high_mul(scale, exponentials), bits + 31 - 8)
        output[...] = np.where(counts, raw - 128, -128)
    return result


def _add(params: ElementwiseAddParams, rounding: Rounding) -> Int64Array:
    """Source: TFLM ``reference_integer_ops::AddFunc``."""
    value1 = (params.input1.astype(np.int64) + params.input1_offset) * 2**params.left_shift
    value2 = (params.input2.astype(np.int64) + params.input2_offset) * 2**params.left_shift
    scaled1 = scaled(value1, params.input1_multiplier, params.input1_shift, rounding)
    scaled2 = scaled(value2, params.input2_multiplier, params.input2_shift, rounding)
    total = wrap_int32(np.asarray(scaled1 + scaled2))
    return scaled(total, params.output_multiplier, params.output_shift, rounding) + params.output_offset


def _mul(params: MulParams, rounding: Rounding) -> Int64Array:
    """Source: TFLM ``reference_integer_ops::MulElementwise``."""
    value1 = params.input1.astype(np.int64) + params.input1_offset
    value2 = params.input2.astype(np.int64) + params.input2_offset
    product = np.asarray(value1 * value2)
    return scaled(product, params.output_multiplier, params.output_shift, rounding) + params.output_offset


def _reshape(params: ReshapeParams, rounding: Rounding) -> Int64Array:
    return params.input.astype(np.int64).reshape(params.output_shape)


# For each operator its output before the clamp, as int64.
DEFINITIONS: Mapping[str, Callable[[Any, Rounding], Int64Array]] = {
    "conv2d": _scaled_sums,
    "depthwise_conv2d": _scaled_sums,
    "fully_connected": _scaled_sums,
    "avg_pool": _avg_pool,
    "max_pool": _max_pool,
    "softmax": _softmax,
    "add": _add,
    "mul": _mul,
    "reshape": _reshape,
}
