"""Models that are odd in one way: what TensorFlow Lite Micro makes of each, and that this project does the same.

``equal`` says that both run it, byte for byte alike; the other verdicts say who refuses, with the reason where only one
does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from ember_infer_core import KernelError, ModelError
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.support.against_tflm import assert_equal, run_on
from tests.support.backends import every_backend
from tests.support.models import Shape
from tests.support.tflm import Tflm, TflmError

pytestmark = pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")

Build = Callable[[ModelWriter], tuple[list[int], list[int]]]

EQUAL = "equal"
REFUSED_BY_BOTH = "refused by both"
REFUSED_BY_US = "refused by us alone"
REFUSED_BY_TFLM = "refused by TFLM alone"


def ramp(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return (np.arange(math.prod(shape)) * 37 % 255 - 127).astype(np.int8).reshape(shape)


def bias_data(channels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return (np.arange(channels, dtype=np.int32) - 1) * 100


def image(writer: ModelWriter, shape: Shape = (1, 5, 4, 2)) -> int:
    return writer.tensor("image", shape, scale=0.5, zero_point=-3)


# Weights and biases


def conv2d_weights_with_zero_point(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = image(writer), writer.tensor("output", (1, 5, 4, 3), scale=9.0, zero_point=1)
    weights = writer.tensor("weights", (3, 3, 3, 2), scale=0.1, zero_point=7, data=ramp(3, 3, 3, 2))
    writer.conv2d(input, weights, None, output)
    return [input], [output]


def depthwise_weights_with_zero_points(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = image(writer), writer.tensor("output", (1, 5, 4, 2), scale=9.0, zero_point=1)
    weights = writer.tensor(
        "weights", (1, 3, 3, 2), scales=[0.1, 0.2], zero_points=[5, -6], quantized_dimension=3, data=ramp(1, 3, 3, 2)
    )
    writer.depthwise_conv2d(input, weights, None, output)
    return [input], [output]


def dense_weights_with_zero_point(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (2, 8), scale=0.5), writer.tensor("output", (2, 3), scale=9.0)
    weights = writer.tensor("weights", (3, 8), scale=0.1, zero_point=-7, data=ramp(3, 8))
    writer.fully_connected(input, weights, None, output)
    return [input], [output]


def dense_per_channel_with_zero_points(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (2, 8), scale=0.5), writer.tensor("output", (2, 3), scale=9.0)
    weights = writer.tensor("weights", (3, 8), scales=[0.1, 0.2, 0.3], zero_points=[4, 5, 6], data=ramp(3, 8))
    writer.fully_connected(input, weights, None, output)
    return [input], [output]


def weights_with_a_zero_scale(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = image(writer), writer.tensor("output", (1, 5, 4, 3), scale=9.0, zero_point=1)
    weights = writer.tensor("weights", (3, 3, 3, 2), scales=[0.1, 0.0, 0.2], data=ramp(3, 3, 3, 2))
    writer.conv2d(input, weights, None, output)
    return [input], [output]


def weights_along_another_axis(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = image(writer), writer.tensor("output", (1, 5, 4, 3), scale=9.0, zero_point=1)
    weights = writer.tensor(
        "weights", (3, 3, 2, 2), scales=[0.1, 0.2, 0.3], quantized_dimension=1, data=ramp(3, 3, 2, 2)
    )
    writer.conv2d(input, weights, None, output)
    return [input], [output]


def weights_computed_at_run_time(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (2, 8), scale=0.5), writer.tensor("output", (2, 3), scale=9.0)
    weights = writer.tensor("weights", (3, 8), scale=0.1)
    writer.fully_connected(input, weights, None, output)
    return [input, weights], [output]


def conv2d_with_bias(shape: Shape, scale: float | None) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        input, output = image(writer), writer.tensor("output", (1, 5, 4, 3), scale=9.0, zero_point=1)
        weights = writer.tensor("weights", (3, 3, 3, 2), scale=0.1, data=ramp(3, 3, 3, 2))
        bias = writer.tensor("bias", shape, "int32", scale=scale, data=bias_data(3).reshape(shape))
        writer.conv2d(input, weights, bias, output)
        return [input], [output]

    return build


def dense_with_bias(shape: Shape, scale: float | None) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        input, output = writer.tensor("input", (2, 8), scale=0.5), writer.tensor("output", (2, 3), scale=1.0)
        weights = writer.tensor("weights", (3, 8), scale=0.1, data=ramp(3, 8))
        bias = writer.tensor("bias", shape, "int32", scale=scale, data=bias_data(3).reshape(shape))
        writer.fully_connected(input, weights, bias, output)
        return [input], [output]

    return build


def absent_bias(operator: str) -> Build:
    """The index -1 in place of a third input."""

    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        schema = load_schema()
        input = image(writer, (1, 3, 3, 2))
        if operator == "FULLY_CONNECTED":
            weights = writer.tensor("weights", (2, 18), scale=0.1, data=ramp(2, 18))
            output = writer.tensor("output", (1, 2), scale=9.0)
            options = schema.FullyConnectedOptionsT()
        else:
            weights = writer.tensor("weights", (2, 3, 3, 2), scale=0.1, data=ramp(2, 3, 3, 2))
            output = writer.tensor("output", (1, 3, 3, 2), scale=9.0)
            options = schema.Conv2DOptionsT()
            options.strideH = options.strideW = 1
        writer.operator(operator, [input, weights, -1], [output], options)
        return [input], [output]

    return build


# Activations


def activation_alone(name: str) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        first, second = writer.tensor("first", (9,), scale=0.5), writer.tensor("second", (9,), scale=0.25)
        output = writer.tensor("output", (9,), scale=0.5)
        writer.mul(first, second, output, activation=name)
        return [first, second], [output]

    return build


# Quantisation


def pool_between(input_scale: float, output_scale: float, output_zero_point: int) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        input = writer.tensor("input", (1, 4, 4, 2), scale=input_scale, zero_point=1)
        output = writer.tensor("output", (1, 3, 3, 2), scale=output_scale, zero_point=output_zero_point)
        writer.average_pool_2d(input, output, filter_height=2, filter_width=2)
        return [input], [output]

    return build


def pool_with_overflowing_clamp(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input = writer.tensor("input", (1, 4, 4, 2), scale=1e-10, zero_point=1)
    output = writer.tensor("output", (1, 3, 3, 2), scale=1e-10, zero_point=1)
    writer.max_pool_2d(input, output, filter_height=2, filter_width=2, activation="RELU6")
    return [input], [output]


def softmax_to(scale: float, zero_point: int) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        input = writer.tensor("input", (2, 5), scale=0.1, zero_point=1)
        output = writer.tensor("output", (2, 5), scale=scale, zero_point=zero_point)
        writer.softmax(input, output)
        return [input], [output]

    return build


def softmax_of(classes: int, scale: float, beta: float) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        input = writer.tensor("input", (1, classes), scale=scale, zero_point=1)
        output = writer.tensor("output", (1, classes), scale=1 / 256, zero_point=-128)
        writer.softmax(input, output, beta=beta)
        return [input], [output]

    return build


def add_scales(first: float, second: float, output_scale: float) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        inputs = [writer.tensor("a", (9,), scale=first, zero_point=3), writer.tensor("b", (9,), scale=second)]
        output = writer.tensor("output", (9,), scale=output_scale, zero_point=-4)
        writer.add(inputs[0], inputs[1], output)
        return inputs, [output]

    return build


def unquantised(operator: str) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        if operator == "reshape":
            input, output = writer.tensor("input", (2, 3)), writer.tensor("output", (6,))
            writer.reshape(input, output, new_shape=(6,))
            return [input], [output]
        if operator == "reshape between":
            inputs = [writer.tensor("a", (2, 3), scale=1.0), writer.tensor("b", (6,), scale=1.0)]
            between, output = writer.tensor("between", (6,)), writer.tensor("output", (6,), scale=1.0)
            writer.reshape(inputs[0], between, new_shape=(6,))
            writer.add(between, inputs[1], output)
            return inputs, [output]
        input, output = image(writer), writer.tensor("output", (1, 5, 4, 3))
        weights = writer.tensor("weights", (3, 1, 1, 2), scale=0.1, data=ramp(3, 1, 1, 2))
        writer.conv2d(input, weights, None, output)
        return [input], [output]

    return build


# Shapes


def elementwise(operator: str, first: Shape, second: Shape) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        inputs = [writer.tensor("a", first, scale=0.5, zero_point=3), writer.tensor("b", second, scale=0.25)]
        output = writer.tensor("output", np.broadcast_shapes(first, second), scale=1.0, zero_point=-4)
        {"add": writer.add, "mul": writer.mul}[operator](inputs[0], inputs[1], output)
        return inputs, [output]

    return build


def scalar_operand(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (2, 3), scale=0.5), writer.tensor("output", (2, 3), scale=1.0)
    scalar = writer.tensor("scalar", (), scale=0.5, data=np.array(7, np.int8))
    writer.add(input, scalar, output)
    return [input], [output]


def softmax_of_rank(shape: Shape) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        input = writer.tensor("input", shape, scale=0.1)
        output = writer.tensor("output", shape, scale=1 / 256, zero_point=-128)
        writer.softmax(input, output)
        return [input], [output]

    return build


def dense_to(shape: Shape) -> Build:
    def build(writer: ModelWriter) -> tuple[list[int], list[int]]:
        input, output = writer.tensor("input", (4, 6), scale=0.5), writer.tensor("output", shape, scale=9.0)
        weights = writer.tensor("weights", (3, 6), scale=0.1, data=ramp(3, 6))
        writer.fully_connected(input, weights, None, output)
        return [input], [output]

    return build


def reshape_whose_target_lies(writer: ModelWriter) -> tuple[list[int], list[int]]:
    """The options and the second input say (3, 2); the output tensor's own shape is what counts."""
    input, output = writer.tensor("input", (6,), scale=0.5), writer.tensor("output", (2, 3), scale=0.5)
    target = writer.tensor("target", (2,), "int32", data=np.array([3, 2], np.int32))
    writer.reshape(input, output, new_shape=(3, 2), shape=target)
    return [input], [output]


# Graphs


def constant_input(writer: ModelWriter) -> tuple[list[int], list[int]]:
    """A convolution of a constant, in a model whose input goes elsewhere."""
    constant = writer.tensor("constant", (1, 3, 3, 1), scale=0.5, zero_point=2, data=ramp(1, 3, 3, 1))
    weights = writer.tensor("weights", (2, 2, 2, 1), scale=0.1, data=ramp(2, 2, 2, 1))
    features = writer.tensor("features", (1, 3, 3, 2), scale=3.0)
    input, output = writer.tensor("input", (2,), scale=2.0), writer.tensor("output", (1, 3, 3, 2), scale=4.0)
    writer.conv2d(constant, weights, None, features)
    writer.add(features, input, output)
    return [input], [output]


def sum_of_constants(writer: ModelWriter) -> tuple[list[int], list[int]]:
    first = writer.tensor("first", (1, 6), scale=0.5, zero_point=2, data=ramp(1, 6))
    second = writer.tensor("second", (6,), scale=0.2, zero_point=-9, data=ramp(6))
    total = writer.tensor("total", (1, 6), scale=0.7)
    input, output = writer.tensor("input", (1, 6), scale=2.0), writer.tensor("output", (1, 6), scale=3.0)
    writer.add(first, second, total)
    writer.mul(total, input, output)
    return [input], [output]


def output_listed_twice(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (6,), scale=0.5), writer.tensor("output", (6,), scale=1.0)
    writer.add(input, input, output)
    return [input], [output, output]


def input_is_an_output(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (6,), scale=0.5), writer.tensor("output", (6,), scale=1.0)
    writer.add(input, input, output)
    return [input], [input, output]


def constant_is_an_output(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (6,), scale=0.5), writer.tensor("output", (6,), scale=1.0)
    constant = writer.tensor("constant", (6,), scale=0.5, data=ramp(6))
    writer.add(input, constant, output)
    return [input], [output, constant]


def input_that_nothing_reads(writer: ModelWriter) -> tuple[list[int], list[int]]:
    unread = writer.tensor("unread", (3,), scale=0.5)
    input, output = writer.tensor("input", (6,), scale=0.5), writer.tensor("output", (6,), scale=1.0)
    writer.add(input, input, output)
    return [unread, input], [output]


def result_that_nothing_reads(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (6,), scale=0.5), writer.tensor("output", (6,), scale=1.0)
    writer.mul(input, input, writer.tensor("unread", (6,), scale=1.0))
    writer.add(input, input, output)
    return [input], [output]


def chain_of_reshapes(writer: ModelWriter) -> tuple[list[int], list[int]]:
    """From the input through three shapes, each an output, to a sum with the input."""
    tensors = [writer.tensor(f"t{i}", shape, scale=0.5) for i, shape in enumerate([(12,), (3, 4), (2, 6), (1, 12)])]
    for before, after, shape in zip(tensors, tensors[1:], [(3, 4), (2, 6), (1, 12)], strict=False):
        writer.reshape(before, after, new_shape=shape)
    output = writer.tensor("output", (1, 12), scale=1.0)
    writer.add(tensors[0], tensors[3], output)
    return tensors[:1], [*tensors[1:], output]


def reshape_of_a_reused_tensor(writer: ModelWriter) -> tuple[list[int], list[int]]:
    """A tensor and its reshaped alias both live on after the other is read."""
    input, squares = writer.tensor("input", (2, 6), scale=0.5), writer.tensor("squares", (2, 6), scale=8.0)
    writer.mul(input, input, squares)
    flat = writer.tensor("flat", (12,), scale=8.0)
    writer.reshape(squares, flat, new_shape=(12,))
    doubled = writer.tensor("doubled", (12,), scale=16.0)
    writer.add(flat, flat, doubled)
    total = writer.tensor("total", (2, 6), scale=12.0)
    writer.add(squares, input, total)
    last = writer.tensor("last", (12,), scale=20.0)
    writer.add(flat, doubled, last)
    return [input], [total, last]


CASES: dict[str, tuple[Build, str]] = {
    "conv2d weights with a zero point: TFLM ignores it": (conv2d_weights_with_zero_point, EQUAL),
    "depthwise weights with zero points: TFLM ignores them": (depthwise_weights_with_zero_points, EQUAL),
    "dense weights with a zero point": (dense_weights_with_zero_point, EQUAL),
    "dense weights with zero points per channel": (dense_per_channel_with_zero_points, EQUAL),
    "one channel's scale is 0": (weights_with_a_zero_scale, EQUAL),
    "weights quantised along another axis of the same size": (weights_along_another_axis, EQUAL),
    "weights computed at run time": (weights_computed_at_run_time, EQUAL),
    "conv2d bias without a scale": (conv2d_with_bias((3,), None), EQUAL),
    "conv2d bias with any scale": (conv2d_with_bias((3,), 77.0), EQUAL),
    "conv2d bias of rank 4": (conv2d_with_bias((1, 1, 1, 3), 0.05), EQUAL),
    "dense bias without a scale": (dense_with_bias((3,), None), REFUSED_BY_BOTH),
    "dense bias whose scale is far off": (dense_with_bias((3,), 0.08), REFUSED_BY_BOTH),
    "dense bias whose scale is a little off": (dense_with_bias((3,), 0.06), EQUAL),
    "dense bias of rank 2": (dense_with_bias((1, 3), 0.05), EQUAL),
    "conv2d bias marked absent": (absent_bias("CONV_2D"), EQUAL),
    "dense bias marked absent": (absent_bias("FULLY_CONNECTED"), EQUAL),
    "TANH: TFLM leaves it out without a word": (activation_alone("TANH"), REFUSED_BY_US),
    "SIGN_BIT: TFLM leaves it out without a word": (activation_alone("SIGN_BIT"), REFUSED_BY_US),
    "pool whose clamp overflows: TFLM clamps to memory that nobody wrote": (pool_with_overflowing_clamp, REFUSED_BY_US),
    "pool between two scales": (pool_between(0.5, 0.25, 1), REFUSED_BY_BOTH),
    "pool between two zero points": (pool_between(0.5, 0.5, 2), REFUSED_BY_BOTH),
    "pool between two scales that are both tiny": (pool_between(1e-7, 2e-7, 1), EQUAL),
    "softmax to another scale": (softmax_to(1 / 128, -128), REFUSED_BY_BOTH),
    "softmax to another zero point": (softmax_to(1 / 256, -127), REFUSED_BY_BOTH),
    "softmax of one class": (softmax_of(1, 0.1, 1.0), EQUAL),
    "softmax of many classes": (softmax_of(1001, 0.5, 1.0), EQUAL),
    "softmax with a huge beta": (softmax_of(9, 0.5, 1e6), EQUAL),
    "softmax with a small beta": (softmax_of(9, 0.5, 1e-6), EQUAL),
    "softmax with a beta too small": (softmax_of(9, 0.5, 1e-9), REFUSED_BY_BOTH),
    "softmax with a negative beta": (softmax_of(9, 0.5, -1.0), REFUSED_BY_BOTH),
    "add of unlike scales": (add_scales(1e-6, 1e3, 1e3), EQUAL),
    "add whose output scale is too fine": (add_scales(1.0, 1.0, 1e-6), REFUSED_BY_BOTH),
    "add whose output scale is just fine enough": (add_scales(1.0, 1.0, 2.0**-18), EQUAL),
    "add whose output multiplier is 1": (add_scales(1.0, 1.0, 2.0**-19), REFUSED_BY_BOTH),
    "add of denormal scales": (add_scales(1e-40, 1e-40, 1e-40), EQUAL),
    "convolution into an unquantised tensor: TFLM divides by 0": (unquantised("conv2d"), REFUSED_BY_US),
    "unquantised input and output": (unquantised("reshape"), EQUAL),
    "unquantised tensor into add": (unquantised("reshape between"), REFUSED_BY_BOTH),
    "add of rank 5": (elementwise("add", (2, 1, 3, 1, 2), (2, 1, 3, 1, 2)), EQUAL),
    "mul of rank 6": (elementwise("mul", (2, 1, 3, 1, 2, 2), (2, 1, 3, 1, 2, 2)), EQUAL),
    "add of rank 5, broadcast": (elementwise("add", (2, 2, 3, 1, 2), (1, 2, 1, 3, 2)), EQUAL),
    "mul of rank 5, broadcast": (elementwise("mul", (2, 2, 3, 1, 2), (1, 2, 1, 3, 2)), EQUAL),
    "scalar operand": (scalar_operand, EQUAL),
    "softmax of rank 5": (softmax_of_rank((2, 1, 2, 2, 3)), EQUAL),
    "dense output of rank 3": (dense_to((2, 2, 3)), EQUAL),
    "dense output of rank 1: TFLM fills only a part": (dense_to((12,)), REFUSED_BY_US),
    "reshape whose target contradicts the output": (reshape_whose_target_lies, EQUAL),
    "convolution of a constant": (constant_input, EQUAL),
    "sum of two constants": (sum_of_constants, EQUAL),
    "output listed twice": (output_listed_twice, EQUAL),
    "input is an output": (input_is_an_output, EQUAL),
    "constant is an output": (constant_is_an_output, EQUAL),
    "input that nothing reads": (input_that_nothing_reads, EQUAL),
    "result that nothing reads": (result_that_nothing_reads, EQUAL),
    "chain of reshapes": (chain_of_reshapes, EQUAL),
    "reshape of a reused tensor": (reshape_of_a_reused_tensor, EQUAL),
}


@pytest.mark.parametrize("name", CASES)
def test_odd_model(name: str, tflm: Tflm) -> None:
    build, expected = CASES[name]
    writer = ModelWriter()
    inputs, outputs = build(writer)
    model = writer.model(inputs, outputs)
    shapes = [tuple(model.subgraphs[0].tensors[index].shape) for index in inputs]
    assert verdict(pack_model(model), shapes, len(outputs), tflm) == expected


def verdict(model: bytes, shapes: Sequence[Shape], outputs: int, tflm: Tflm) -> str:
    source = np.random.default_rng(1)
    batches = [[source.integers(-128, 128, shape, np.int8) for shape in shapes] for _ in range(6)]
    theirs = ours = None
    try:
        theirs = tflm.run(model, batches, outputs)
    except TflmError as error:
        print(f"TFLM: {error}")
    try:
        ours = run_on(every_backend(), model, batches)
    except (ModelError, KernelError) as error:
        print(f"ours: {error!r}")
    if theirs is None or ours is None:
        return {(True, True): REFUSED_BY_BOTH, (True, False): REFUSED_BY_TFLM, (False, True): REFUSED_BY_US}[
            theirs is None, ours is None
        ]
    for results in ours:
        assert_equal(results, theirs)
    return EQUAL
