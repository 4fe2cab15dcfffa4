"""The arithmetic where it decides: sums next to rounding boundaries, and elementwise operators on all pairs of values.

Random models seldom meet the sums whose rounding a slightly different multiplier would change; these are made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.against_tflm import assert_equal, run_on
from tests.support.tflm import Tflm

SEEDS = range(6)
STEPS = np.arange(-127, 127)
DISTANCES = np.arange(-9, 10)
EVERY_VALUE = np.arange(-128, 128).astype(np.int8)

Operator = Callable[[ModelWriter, int, int, int, int], None]


def float32(value: float) -> float:
    return float(np.float32(value))


def near_boundaries(effective_scales: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """For each channel a sum next to one of the boundaries ``(k + 1/2) / effective scale`` between two outputs."""
    steps = np.resize(np.repeat(STEPS, len(DISTANCES)), len(effective_scales))
    distances = np.resize(DISTANCES, len(effective_scales))
    sums = np.rint((steps + 0.5) / effective_scales) + distances
    return np.clip(sums, -(2**31), 2**31 - 1).astype(np.int32)


def conv2d(writer: ModelWriter, input: int, weights: int, bias: int, output: int) -> None:
    writer.conv2d(input, weights, bias, output)


def depthwise_conv2d(writer: ModelWriter, input: int, weights: int, bias: int, output: int) -> None:
    writer.depthwise_conv2d(input, weights, bias, output, depth_multiplier=len(STEPS) * len(DISTANCES))


def fully_connected(writer: ModelWriter, input: int, weights: int, bias: int, output: int) -> None:
    writer.fully_connected(input, weights, bias, output)


WEIGHT_SHAPES: dict[Operator, Callable[[int], tuple[int, ...]]] = {
    conv2d: lambda channels: (channels, 1, 1, 1),
    depthwise_conv2d: lambda channels: (1, 1, 1, channels),
    fully_connected: lambda channels: (channels, 1),
}


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("operator", WEIGHT_SHAPES, ids=lambda operator: operator.__name__)
@pytest.mark.parametrize("magnitude", [1e-7, 1e-5, 1e-2])
def test_sums_next_to_boundaries_equal_tflm(
    operator: Operator, per_channel: bool, magnitude: float, tflm: Tflm
) -> None:
    """Weights of zero, so that the biases alone are the sums: as far as 1e9 from zero, where the last bits matter."""
    channels = len(STEPS) * len(DISTANCES)
    for seed in range(3):
        random = np.random.default_rng(seed)
        input_scale, output_scale = (float32(scale) for scale in random.uniform(0.01, 1.0, 2))
        scales = random.uniform(0.5, 2.0, channels if per_channel else 1) * magnitude * output_scale / input_scale
        scales = scales.astype(np.float32).astype(np.float64)
        sums = near_boundaries(np.broadcast_to(input_scale * scales / output_scale, channels))
        writer = ModelWriter()
        shape = (1, 1) if operator is fully_connected else (1, 1, 1, 1)
        input = writer.tensor("input", shape, scale=input_scale)
        weights_shape = WEIGHT_SHAPES[operator](channels)
        weights = writer.tensor(
            "weights",
            weights_shape,
            scales=list(scales),
            quantized_dimension=3 if operator is depthwise_conv2d else 0,
            data=np.zeros(weights_shape, np.int8),
        )
        bias = writer.tensor("bias", (channels,), "int32", scales=list(input_scale * scales), data=sums)
        output = writer.tensor("output", (*shape[:-1], channels), scale=output_scale)
        operator(writer, input, weights, bias, output)
        outputs = assert_runs_equal(writer.finish([input], [output]), [np.zeros(shape, np.int8)], tflm)
        assert len(np.unique(outputs)) > 100


@pytest.mark.parametrize("operator", ["add", "mul"])
@pytest.mark.parametrize("seed", SEEDS)
def test_all_pairs_of_values_equal_tflm(operator: str, seed: int, tflm: Tflm) -> None:
    random = np.random.default_rng(seed)
    first_scale, second_scale = (float32(2.0**exponent) for exponent in random.uniform(-6, 2, 2))
    natural = max(first_scale, second_scale) * 2 if operator == "add" else first_scale * second_scale * 128
    output_scale = natural * 2.0 ** float(random.uniform(-2, 2))
    if seed % 3 == 0:  # powers of two: a tie wherever a result lies halfway
        scales = first_scale, second_scale, natural
        first_scale, second_scale, output_scale = (2.0 ** round(np.log2(scale)) for scale in scales)
    zero_points = [int(point) for point in random.integers(-128, 128, 3)]
    writer = ModelWriter()
    first = writer.tensor("first", (256, 1), scale=first_scale, zero_point=zero_points[0])
    second = writer.tensor("second", (1, 256), scale=second_scale, zero_point=zero_points[1])
    output = writer.tensor("output", (256, 256), scale=output_scale, zero_point=zero_points[2])
    (writer.add if operator == "add" else writer.mul)(first, second, output)
    inputs = [EVERY_VALUE.reshape(256, 1), EVERY_VALUE.reshape(1, 256)]
    outputs = assert_runs_equal(writer.finish([first, second], [output]), inputs, tflm)
    assert len(np.unique(outputs)) > 30


@pytest.mark.parametrize("scale", [0.005, 0.02, 0.0625, 0.1, 0.3, 1.0])
def test_softmax_of_all_pairs_equals_tflm(scale: float, tflm: Tflm) -> None:
    pairs = np.stack(np.meshgrid(EVERY_VALUE, EVERY_VALUE), axis=-1).reshape(-1, 2)
    writer = ModelWriter()
    input = writer.tensor("input", pairs.shape, scale=scale)
    output = writer.tensor("output", pairs.shape, scale=1 / 256, zero_point=-128)
    writer.softmax(input, output)
    assert_runs_equal(writer.finish([input], [output]), [pairs], tflm)


@pytest.mark.parametrize("taps", [(1, 2), (2, 2), (1, 3), (3, 5), (7, 7), (16, 16)])
def test_averages_next_to_ties_equal_tflm(taps: tuple[int, int], tflm: Tflm) -> None:
    """Every sum of a window, from all -128 to all 127 in steps of one."""
    count = taps[0] * taps[1]
    sums = np.arange(-128 * count, 127 * count + 1)
    windows = sums[:, None] // count + (np.arange(count) < sums[:, None] % count)
    images = windows.astype(np.int8).reshape(-1, *taps, 1)
    writer = ModelWriter()
    input = writer.tensor("input", images.shape, scale=1.0)
    output = writer.tensor("output", (len(images), 1, 1, 1), scale=1.0)
    writer.average_pool_2d(input, output, filter_height=taps[0], filter_width=taps[1])
    assert_runs_equal(writer.finish([input], [output]), [images], tflm, arena_size=1 << 26)


def assert_runs_equal(
    model: bytes, inputs: Sequence[npt.NDArray[np.int8]], tflm: Tflm, arena_size: int = 1 << 20
) -> npt.NDArray[np.int8]:
    theirs = tflm.run(model, [inputs], arena_size=arena_size)
    ours = run_on([RefBackend()], model, [list(inputs)])[0]
    assert_equal(ours, theirs)
    outputs: npt.NDArray[np.int8] = ours[0][0]
    return outputs
