"""Operators of every family in whole models: between convolutions, whose tensors have borders, and other types."""

from __future__ import annotations

import pytest

from ember_infer_native import NativeBackend
from tests.native.nets import Activation, Net
from tests.native.results import Build, Results, results
from tests.native.test_targets import RUNNABLE
from tests.support.tflm import Tflm

IMAGE = (1, 7, 6, 5)
BYTE = 1 / 256, -128


def convolved(net: Net, x: Activation) -> Activation:
    """A reader that wants borders; so does what it reads from."""
    return net.conv2d(x, 5)


def tables_between_convolutions(net: Net) -> None:
    x = convolved(net, net.input(*IMAGE))
    for name in ("LOGISTIC", "TANH", "HARD_SWISH", "RELU", "ELU"):
        quant = {"LOGISTIC": BYTE, "TANH": (1 / 128, 0)}.get(name)
        net.output(convolved(net, net.operator(name, [x], *IMAGE, quant=quant)))
    net.output(convolved(net, net.operator("RELU6", [x], *IMAGE, like=x)))
    net.output(convolved(net, net.operator("LEAKY_RELU", [x], *IMAGE, alpha=0.3)))


def a_table_of_wide_results_reads_borders(net: Net) -> None:
    x = convolved(net, net.input(*IMAGE))
    net.output(convolved(net, x), net.operator("DEQUANTIZE", [x], *IMAGE, dtype="float32"))


def pairs_between_convolutions(net: Net) -> None:
    x, y = net.input(*IMAGE), net.input(*IMAGE)
    first, second = convolved(net, x), convolved(net, y)
    for name in ("SUB", "MUL", "SQUARED_DIFFERENCE", "MAXIMUM", "PRELU"):
        net.output(convolved(net, net.operator(name, [first, second], *IMAGE, quant=(4.0, 3))))
    small = [net.operator("MAXIMUM", [x, x], *IMAGE, quant=(0.1, 3)) for x in (first, second)]
    net.output(net.operator("GREATER", small, *IMAGE, dtype="bool"), *(convolved(net, x) for x in small))


def pairs_with_a_scalar(net: Net) -> None:
    x = convolved(net, net.input(*IMAGE))
    for shape in ((1,), (1, 1, 1, 1)):
        scalar = net.constant(*shape)
        for name in ("SUB", "MUL", "MINIMUM"):
            net.output(convolved(net, net.operator(name, [x, scalar], *IMAGE, quant=(8.0, 3))))
            net.output(convolved(net, net.operator(name, [scalar, x], *IMAGE, quant=(8.0, 3))))


def a_scalar_larger_than_its_partner(net: Net) -> None:
    """The one constant element has more axes, and the output has them, too."""
    net.output(net.operator("SUB", [net.constant(1, 1, 1), net.input(4)], 1, 1, 4, quant=(2.0, 3)))


def floats_around_convolutions(net: Net) -> None:
    x = net.input(*IMAGE, dtype="float32")
    quantized = net.operator("QUANTIZE", [x], *IMAGE, quant=(0.3, -7))
    net.output(net.operator("DEQUANTIZE", [convolved(net, quantized)], *IMAGE, dtype="float32"))


def other_types_around_convolutions(net: Net) -> None:
    for dtype in ("uint8", "int16", "int32"):
        x = net.writer.tensor(f"in {dtype}", IMAGE, dtype, scale=0.1, zero_point=3 if dtype == "uint8" else 0)
        net.inputs.append(Activation(x, IMAGE))
        net.output(convolved(net, net.operator("QUANTIZE", [net.inputs[-1]], *IMAGE, quant=(2.0, 11))))


def float_islands(net: Net) -> None:
    x = net.operator("DEQUANTIZE", [convolved(net, net.input(*IMAGE))], *IMAGE, dtype="float32")
    for name in ("ABS", "EXP", "LOGISTIC", "SQUARE", "ROUND", "NEG"):
        y = net.operator(name, [x], *IMAGE, dtype="float32")
        sums = net.operator("ADD", [y, x], *IMAGE, dtype="float32")
        products = net.operator("MUL", [sums, y], *IMAGE, dtype="float32")
        net.output(convolved(net, net.operator("QUANTIZE", [products], *IMAGE, quant=(20.0, 2))))


def movement_between_convolutions(net: Net) -> None:
    x = convolved(net, net.input(*IMAGE))
    padded = net.operator("PAD", [x, net.numbers([[0, 0], [1, 2], [2, 1], [0, 0]])], 1, 10, 9, 5, like=x)
    net.output(convolved(net, padded))
    net.output(convolved(net, net.operator("CONCATENATION", [x, x], 1, 7, 6, 10, like=x, axis=-1)))
    begin, end, steps = net.numbers([0, 1, 0, 0]), net.numbers([1, 7, 6, 5]), net.numbers([1, 2, 3, 1])
    net.output(convolved(net, net.operator("STRIDED_SLICE", [x, begin, end, steps], 1, 3, 2, 5, like=x)))
    turned = net.operator("TRANSPOSE", [x, net.numbers([0, 3, 1, 2])], 1, 5, 7, 6, like=x)
    net.output(turned, net.operator("TRANSPOSE", [turned, net.numbers([0, 2, 3, 1])], *IMAGE, like=x))


def a_sum_of_many(net: Net) -> None:
    x = convolved(net, net.input(*IMAGE))
    relu = net.operator("RELU6", [x], *IMAGE, like=x)
    net.output(convolved(net, net.operator("ADD_N", [x, relu, x], *IMAGE, quant=(2.0, 5))))


NETS: dict[str, Build] = {
    build.__name__: build
    for build in (
        tables_between_convolutions,
        a_table_of_wide_results_reads_borders,
        pairs_between_convolutions,
        pairs_with_a_scalar,
        a_scalar_larger_than_its_partner,
        floats_around_convolutions,
        other_types_around_convolutions,
        float_islands,
        movement_between_convolutions,
        a_sum_of_many,
    )
}


@pytest.fixture(scope="module", params=RUNNABLE, ids=lambda target: target.name)
def family_results(request: pytest.FixtureRequest, native: NativeBackend, tflm: Tflm) -> Results:
    return results(NETS, NativeBackend(request.param.name), tflm)


@pytest.mark.parametrize("name", NETS)
def test_family(name: str, family_results: Results) -> None:
    family_results.check(name)
