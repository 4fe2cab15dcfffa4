"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Regression, Rule
from ember_infer_core.conformance.contents import seeded_int8
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import CLAMP
from ember_infer_core.conformance.ops.windows import WINDOW, draw_window, kernel_of, output_size, window_slices
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.ops.pool import PoolParams, prepare
from ember_infer_core.ops.windows import Padding
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Int8Array, bind

__all__ = ["CASES", "plain_pool"]


def _average(params: PoolParams) -> AnyArray:
    """Rounded half away from zero; every dialect agrees. Source: TFLM ``reference_integer_ops::AveragePool``."""
    return clamped(params, _half_away(*_totals(params)))


def _totals(params: PoolParams) -> tuple[Int64Array, Int64Array]:
    """For each output the sum of the pixels that it sees, and how many they are."""
    total, count = np.zeros(params.output_shape, np.int64), np.zeros(params.output_shape, np.int64)
    for _, _, written, read in window_slices(params, kernel_of(params)):
        total[written] += params.input[read]
        count[written] += 1
    return total, count


def _half_away(total: Int64Array, count: Int64Array) -> Int64Array:
    result: Int64Array = np.where(total < 0, -((-total + count // 2) // count), (total + count // 2) // count)
    return result


def _maximum(params: PoolParams) -> AnyArray:
    return clamped(params, _greatest(params))


def _greatest(params: PoolParams) -> Int64Array:
    greatest = np.full(params.output_shape, -128, np.int64)
    for _, _, written, read in window_slices(params, kernel_of(params)):
        greatest[written] = np.maximum(greatest[written], params.input[read])
    return greatest


def _calls(drawer: CaseDrawer) -> PoolParams:
    batches, height, width, channels = *(drawer.integer(1, high) for high in (2, 8, 8)), drawer.depth(5)
    kernel, window = draw_window(drawer, height, width, dilations=(1,))
    del window["dilation_h_factor"], window["dilation_w_factor"]
    quant = QuantParam(drawer.one_of(0.05, 1.0), drawer.zero_point())
    params = prepare(
        input_shape=(batches, height, width, channels),
        output_shape=(batches, *output_size((height, width), kernel, window), channels),
        filter_height=kernel[0],
        filter_width=kernel[1],
        fused_activation=drawer.activation(),
        input_quant=quant,
        output_quant=quant,
        **window,
    )
    params.input = drawer.int8(*params.input_shape)
    return params


def plain_pool(input: Int8Array, kernel: tuple[int, int], **attributes: Any) -> PoolParams:
    """A bound pool over this image, unpadded and at stride 1 unless the attributes say otherwise."""
    attributes = {"padding": Padding.VALID, "stride_h": 1, "stride_w": 1, **attributes}
    rows, columns = output_size((input.shape[1], input.shape[2]), kernel, attributes)
    params = prepare(
        input_shape=input.shape,
        output_shape=(len(input), rows, columns, input.shape[3]),
        filter_height=kernel[0],
        filter_width=kernel[1],
        input_quant=QuantParam(1.0, 0),
        output_quant=QuantParam(1.0, 0),
        **attributes,
    )
    bind(params, {"input": input, "output": np.full(params.output_shape, 77, np.int8)})
    return params


# Mistakes.


def _averaged_by(divide: Callable[[Int64Array, Int64Array, Params], Int64Array]) -> Rule:
    return lambda define, params: clamped(params, divide(*_totals(params), params))


def _window_size(count: Int64Array, params: Params) -> Int64Array:
    return np.full_like(count, params.filter_height * params.filter_width)


_AVERAGE: Mapping[str, Rule] = {
    **WINDOW,
    **CLAMP,
    "rounds half up instead of half away from zero": _averaged_by(
        lambda total, count, params: (2 * total + count) // (2 * count)
    ),
    "rounds half toward zero instead of half away from zero": _averaged_by(
        lambda total, count, params: np.sign(total) * ((2 * np.abs(total) + count - 1) // (2 * count))
    ),
    "rounds half to even instead of half away from zero": _averaged_by(
        lambda total, count, params: np.rint(total / count).astype(np.int64)
    ),
    "truncates instead of rounding": _averaged_by(
        lambda total, count, params: np.trunc(total / count).astype(np.int64)
    ),
    "rounds down": _averaged_by(lambda total, count, params: total // count),
    "divides by the whole window where part of it lies outside the image": _averaged_by(
        lambda total, count, params: _half_away(total, _window_size(count, params))
    ),
    "a sum of 16 bits wraps": _averaged_by(
        lambda total, count, params: _half_away(total.astype(np.int16).astype(np.int64), count)
    ),
}


def _padding_counts_as_zero(define: Definition, params: Params) -> AnyArray:
    _, count = _totals(params)
    greatest = _greatest(params)
    outside = count < params.filter_height * params.filter_width
    return clamped(params, np.where(outside, np.maximum(greatest, 0), greatest))


# Published bugs.


def _odd_channels() -> list[Params]:
    return [
        plain_pool(seeded_int8(1, 6, 6, channels), (2, 2), stride_h=2, stride_w=2)
        for channels in (1, 2, 3, 5, 6, 7, 8, 18)
    ]


def _large_windows() -> list[Params]:
    images = [np.full((1, 20, 20, 3), value, np.int8) for value in (127, -128)]
    return [plain_pool(image, (20, 20)) for image in [*images, seeded_int8(1, 20, 20, 5)]]


def _windows_over_the_edge() -> list[Params]:
    image = -np.abs(seeded_int8(1, 5, 5, 4).astype(np.int16)).clip(1, 128).astype(np.int8)
    return [plain_pool(image, (3, 3), padding=Padding.SAME, stride_h=stride, stride_w=stride) for stride in (1, 2)]


def _halves() -> list[Params]:
    pairs = np.stack(np.meshgrid(np.arange(-128, 128), np.arange(-4, 4)), -1).reshape(1, -1, 2, 1)
    return [plain_pool(pairs.astype(np.int8), (1, 2))]


CASES: Mapping[str, OperatorCases] = {
    "avg_pool": OperatorCases(
        define=_average,
        calls=_calls,
        mistakes=_AVERAGE,
        regressions={
            "channels of avg_pool": Regression("vector kernels that miss the last channels", _odd_channels),
            "large windows of avg_pool": Regression(
                "ESP-NN's 16-bit sum wraps in windows of over 256 pixels", _large_windows
            ),
            "avg_pool over the edge": Regression(
                "taps outside the image do not count in the divisor", _windows_over_the_edge
            ),
            "halves of avg_pool": Regression("averages are rounded half away from zero", _halves),
        },
        activated=True,
    ),
    "max_pool": OperatorCases(
        define=_maximum,
        calls=_calls,
        mistakes={**WINDOW, **CLAMP, "taps outside the image count as 0": _padding_counts_as_zero},
        regressions={
            "channels of max_pool": Regression(
                "ESP-NN's max_pool returns without writing where channels are no multiple of 4", _odd_channels
            ),
            "max_pool over the edge": Regression(
                "taps outside the image count for nothing, not as 0", _windows_over_the_edge
            ),
        },
        activated=True,
    ),
}
