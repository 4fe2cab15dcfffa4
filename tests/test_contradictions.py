"""Models that contradict themselves, or are not for us: each is refused with the place and the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ember_infer_core import ModelWarning, UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_tools.tflite_writer import load_schema, pack_model
from tests.support.outcomes import assert_refused, timely_outcome
from tests.support.samples import every_operator

pytestmark = pytest.mark.usefixtures("limited_memory", "tflm_wheel")

GELU = 150  # a builtin operator that TensorFlow Lite Micro has not


# Contradictions: the official schema packs them without complaint

Select = Callable[[Any], Any]

CONV, DEPTHWISE, MAX_POOL, AVERAGE_POOL, ADD, MUL, RESHAPE, DENSE, SOFTMAX = range(9)


def whole(model: Any) -> Any:
    return model


def graph(model: Any) -> Any:
    return model.subgraphs[0]


def tensor(name: str) -> Select:
    return lambda model: next(found for found in graph(model).tensors if found.name == name)


def quantization(name: str) -> Select:
    return lambda model: tensor(name)(model).quantization


def operator(index: int) -> Select:
    return lambda model: graph(model).operators[index]


def options(index: int) -> Select:
    return lambda model: graph(model).operators[index].builtinOptions


def code(index: int) -> Select:
    return lambda model: model.operatorCodes[index]


CONTRADICTIONS: list[tuple[str, Select, dict[str, Any], str]] = [
    # The model
    ("no subgraphs", whole, {"subgraphs": None}, "no subgraph"),
    ("empty subgraphs", whole, {"subgraphs": []}, "no subgraph"),
    ("old schema", whole, {"version": 2}, "schema version 2"),
    ("no version", whole, {"version": 0}, "schema version 0"),
    ("no operators", graph, {"operators": None}, "output tensor .* never written"),
    ("no tensors", graph, {"tensors": None}, "does not exist"),
    ("no outputs", graph, {"outputs": None}, "no output"),
    ("empty outputs", graph, {"outputs": []}, "no output"),
    ("no inputs", graph, {"inputs": None}, "CONV_2D reads tensor 0 .* before it is written"),
    ("input out of range", graph, {"inputs": [99]}, "inputs: tensor 99 does not exist"),
    ("input negative", graph, {"inputs": [-1]}, "inputs: tensor -1 does not exist"),
    ("input is constant", graph, {"inputs": [0, 1]}, "input tensor 1 .* is a constant"),
    ("input twice", graph, {"inputs": [0, 0]}, "input twice"),
    ("output out of range", graph, {"outputs": [2**31 - 1]}, "outputs: tensor 2147483647 does not exist"),
    ("output negative", graph, {"outputs": [-1]}, "outputs: tensor -1 does not exist"),
    ("opcode out of range", operator(CONV), {"opcodeIndex": 99}, "operator 0: opcode 99 does not exist"),
    ("no opcodes", whole, {"operatorCodes": None}, "operator 0: opcode 0 does not exist"),
    # Tensors
    ("shape overflows", tensor("image"), {"shape": [65536] * 4}, "tensor 0 'image': shape .* takes more than"),
    ("shape overflows 64 bits", tensor("image"), {"shape": [2**31 - 1] * 8}, "tensor 0 'image': shape .* takes more"),
    ("shape negative", tensor("image"), {"shape": [1, -6, 5, 2]}, "tensor 0 'image': shape .* not positive"),
    ("shape zero", tensor("image"), {"shape": [1, 6, 0, 2]}, "tensor 0 'image': shape .* not positive"),
    ("rank too high", tensor("image"), {"shape": [1] * 1000}, "tensor 0 'image': rank 1000"),
    ("type unknown", tensor("image"), {"type": 99}, "tensor 0 'image': element type 99"),
    ("type negative", tensor("image"), {"type": -1}, "tensor 0 'image': element type -1"),
    ("buffer out of range", tensor("conv/filters"), {"buffer": 99}, "tensor 1 'conv/filters': buffer 99"),
    ("buffer too short", tensor("conv/filters"), {"shape": [4, 3, 3, 3]}, "72 bytes, shape .* wants 108"),
    ("buffer too long", tensor("conv/filters"), {"shape": [4, 3, 3, 1]}, "72 bytes, shape .* wants 36"),
    # Quantisation
    ("scale NaN", quantization("image"), {"scale": [float("nan")]}, "tensor 0 'image': .*scale"),
    ("scale infinite", quantization("image"), {"scale": [float("inf")]}, "tensor 0 'image': .*scale"),
    ("scale negative", quantization("image"), {"scale": [-0.5]}, "tensor 0 'image': .*scale"),
    ("scale zero", quantization("image"), {"scale": [0.0]}, "tensor 0 'image' .* no scale"),
    ("scale missing", quantization("image"), {"scale": None}, "tensor 0 'image' .* no scale"),
    ("no quantization", tensor("net/conv"), {"quantization": None}, "CONV_2D: tensor 3 'net/conv' .* no scale"),
    ("zero point 128", quantization("image"), {"zeroPoint": [128]}, "tensor 0 'image': zero point 128 is outside int8"),
    ("zero point -129", quantization("image"), {"zeroPoint": [-129]}, "tensor 0 'image': zero point -129"),
    ("zero point 2**40", quantization("image"), {"zeroPoint": [2**40]}, "tensor 0 'image': zero point 1099511627776"),
    (
        "zero point missing",
        quantization("image"),
        {"zeroPoint": None},
        "1 .*scales but 0 zero points",
    ),
    ("zero points too many", quantization("image"), {"zeroPoint": [0, 0]}, "1 .*scales but 2 zero points"),
    ("activation scales", quantization("image"), {"scale": [1.0, 2.0], "zeroPoint": [0, 0]}, "tensor 0 'image'"),
    ("scales too few", quantization("conv/filters"), {"scale": [0.1] * 3, "zeroPoint": [0] * 3}, "3 .*4 channels"),
    ("scales too many", quantization("conv/filters"), {"scale": [0.1] * 5, "zeroPoint": [0] * 5}, "5 .*4 channels"),
    ("axis negative", quantization("conv/filters"), {"quantizedDimension": -1}, "quantized_dimension -1"),
    ("axis beyond rank", quantization("conv/filters"), {"quantizedDimension": 4}, "quantized_dimension 4"),
    ("axis huge", quantization("conv/filters"), {"quantizedDimension": 2**31 - 1}, "quantized_dimension 2147483647"),
    ("axis of other size", quantization("conv/filters"), {"quantizedDimension": 1}, "4 .*scales for 3 channels"),
    # Operators
    ("operand out of range", operator(ADD), {"inputs": [99, 0]}, "operator 4 ADD inputs: tensor 99 does not exist"),
    ("operand -2", operator(ADD), {"inputs": [-2, 0]}, "operator 4 ADD inputs: tensor -2 does not exist"),
    ("operand -1", operator(ADD), {"inputs": [-1, 0]}, r"operator 4 ADD \(none, int8 -> int8\)"),
    ("result out of range", operator(ADD), {"outputs": [99]}, "operator 4 ADD outputs: tensor 99 does not exist"),
    ("result -1", operator(ADD), {"outputs": [-1]}, "operator 4 ADD outputs: tensor -1 does not exist"),
    ("no operands", operator(ADD), {"inputs": None}, "operator 4 ADD: input 0 is missing"),
    ("one operand", operator(ADD), {"inputs": [0]}, "operator 4 ADD: input 1 is missing"),
    ("too many operands", operator(CONV), {"inputs": [0, 1, 2, 2]}, "operator 0 CONV_2D"),
    ("no result", operator(SOFTMAX), {"outputs": None}, "never written"),
    ("two results", operator(RESHAPE), {"outputs": [11, 12]}, "which already has a value|2 outputs"),
    (
        "reads its own result",
        operator(ADD),
        {"inputs": [9, 9]},
        "ADD reads tensor 9 .* before it is written",
    ),
    ("writes the input", operator(ADD), {"outputs": [0]}, "operator 4 ADD writes tensor 0 .* already has a value"),
    ("writes a constant", operator(ADD), {"outputs": [1]}, "operator 4 ADD writes tensor 1 .* already has a value"),
    ("writes twice", operator(ADD), {"outputs": [3]}, "operator 4 ADD writes tensor 3 .* already has a value"),
    (
        "options missing",
        operator(CONV),
        {"builtinOptions": None, "builtinOptionsType": 0},
        "operator 0 CONV_2D: .*missing",
    ),
    (
        "pool without options",
        operator(MAX_POOL),
        {"builtinOptions": None, "builtinOptionsType": 0},
        "operator 2 MAX_POOL",
    ),
    ("stride 0", options(CONV), {"strideH": 0}, "operator 0 CONV_2D: stride_h is 0"),
    ("stride negative", options(MAX_POOL), {"strideW": -1}, "operator 2 MAX_POOL_2D: stride_w is -1"),
    ("dilation 0", options(CONV), {"dilationWFactor": 0}, "operator 0 CONV_2D: dilation_w_factor is 0"),
    ("window 0", options(MAX_POOL), {"filterHeight": 0}, "operator 2 MAX_POOL_2D: filter_height is 0"),
    ("window larger than image", options(AVERAGE_POOL), {"filterHeight": 2**31 - 1}, "operator 3 AVERAGE_POOL_2D"),
    (
        "depth multiplier 0",
        options(DEPTHWISE),
        {"depthMultiplier": 0},
        "operator 1 .*: depth_multiplier is 0",
    ),
    ("depth multiplier 2", options(DEPTHWISE), {"depthMultiplier": 2}, "operator 1 DEPTHWISE_CONV_2D"),
    ("padding unknown", options(CONV), {"padding": 7}, "operator 0 CONV_2D: padding scheme 7"),
    ("activation unknown", options(CONV), {"fusedActivationFunction": 99}, "operator 0 CONV_2D: fused activation 99"),
    ("activation negative", options(ADD), {"fusedActivationFunction": -1}, "operator 4 ADD: fused activation -1"),
    ("beta NaN", options(SOFTMAX), {"beta": float("nan")}, "operator 8 SOFTMAX"),
    ("beta negative", options(SOFTMAX), {"beta": -1.0}, "operator 8 SOFTMAX"),
    ("beta 0", options(SOFTMAX), {"beta": 0.0}, "operator 8 SOFTMAX"),
    ("weights format", options(DENSE), {"weightsFormat": 1}, "operator 7 FULLY_CONNECTED: shuffled weights"),
    ("input rank", tensor("image"), {"shape": [6, 5, 2]}, "operator 0 CONV_2D: tensor 0 .* rank 4"),
    ("output height", tensor("net/conv"), {"shape": [1, 4, 5, 4]}, "operator 0 CONV_2D: .*height is 4"),
    ("output channels", tensor("net/conv"), {"shape": [1, 3, 5, 8]}, "operator 0 CONV_2D: 4 filters, but 8"),
    ("output batch", tensor("net/conv"), {"shape": [2, 3, 5, 4]}, "operator 0 CONV_2D: 1 images go in and 2"),
    ("bias length", operator(CONV), {"inputs": [0, 1, 12]}, "operator 0 CONV_2D"),
    ("weights computed", operator(CONV), {"inputs": [0, 0]}, "operator 0 CONV_2D"),
    ("pool channels", tensor("net/max_pool"), {"shape": [1, 2, 3, 8]}, "operator 2 MAX_POOL_2D: 4 channels go in"),
    ("reshape size", tensor("net/reshape"), {"shape": [1, 9]}, "operator 6 RESHAPE"),
    ("broadcast", tensor("net/add"), {"shape": [1, 1, 3, 4]}, "operator 4 ADD: .*do not broadcast"),
    ("softmax shape", tensor("net/softmax"), {"shape": [3, 1]}, "operator 8 SOFTMAX: shapes"),
    ("softmax scale", quantization("net/softmax"), {"scale": [1 / 128]}, "operator 8 SOFTMAX"),
    ("dense rows", tensor("net/dense"), {"shape": [2, 3]}, "operator 7 FULLY_CONNECTED"),
    ("bias scale", quantization("dense/bias"), {"scale": [77.0]}, "operator 7 FULLY_CONNECTED: tensor 13 .*bias"),
    # Valid, but not for us
    ("unknown operator", code(0), {"builtinCode": 9999}, "operator 0 unknown operator 9999"),
    ("other operator", code(0), {"builtinCode": GELU, "deprecatedBuiltinCode": 127}, "operator 0 GELU .*not supported"),
    ("custom operator", code(0), {"builtinCode": 32, "deprecatedBuiltinCode": 32, "customCode": "Mine"}, "'Mine'"),
    ("variable tensor", tensor("net/add"), {"isVariable": True}, "tensor 9 'net/add' .* is a variable"),
    ("float input", tensor("image"), {"type": 0}, "input 0 is float32, not int8"),
    ("bias int8", tensor("conv/bias"), {"type": 9, "shape": [16], "quantization": None}, "input 2 is int8, not int32"),
    (
        "weights int16",
        tensor("conv/filters"),
        {"type": 7, "shape": [2, 3, 3, 2]},
        "input 1 is int16, not int4 or int8|scales for",
    ),
]


@pytest.mark.parametrize(
    ("select", "fields", "hint"), [case[1:] for case in CONTRADICTIONS], ids=[c[0] for c in CONTRADICTIONS]
)
def test_contradiction(select: Select, fields: dict[str, Any], hint: str) -> None:
    model = every_operator()
    target = select(model)
    for name, value in fields.items():
        assert hasattr(target, name)
        setattr(target, name, value)
    assert_refused(pack_model(model), hint)


def test_operators_out_of_order() -> None:
    model = every_operator()
    graph(model).operators.reverse()
    assert_refused(pack_model(model), "operator 0 SOFTMAX reads tensor .* before it is written")


def test_two_operators_write_one_tensor() -> None:
    model = every_operator()
    graph(model).operators.append(operator(SOFTMAX)(model))
    assert_refused(pack_model(model), "operator 9 SOFTMAX writes tensor .* already has a value")


def test_subgraph_that_an_operator_calls() -> None:
    model = every_operator()
    model.subgraphs.append(graph(model))
    model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = 118
    assert_refused(pack_model(model), "operator 0 IF .*: control flow is not supported")


def test_sparse_tensor() -> None:
    model = every_operator()
    tensor("conv/filters")(model).sparsity = load_schema().SparsityParametersT()
    assert_refused(pack_model(model), "tensor 1 'conv/filters' .*sparse")


def test_options_of_another_operator() -> None:
    model = every_operator()
    pool = operator(MAX_POOL)(model)
    convolution = operator(CONV)(model)
    convolution.builtinOptions, convolution.builtinOptionsType = pool.builtinOptions, pool.builtinOptionsType
    assert_refused(pack_model(model), "operator 0 CONV_2D: its Conv2DOptions are missing")


def test_every_unsupported_part_is_listed_at_once() -> None:
    model = every_operator()
    model.operatorCodes[0].builtinCode, model.operatorCodes[0].deprecatedBuiltinCode = GELU, 127
    tensor("net/mul")(model).isVariable = True
    with pytest.raises(UnsupportedModelError) as caught:
        load_program(pack_model(model))
    listed = "\n".join(caught.value.problems)
    assert "operator 0 GELU" in listed
    assert "'net/mul'" in listed


# Odd, but right


def test_opcode_in_the_deprecated_field_alone() -> None:
    """Files from before schema 3a."""
    model = every_operator()
    for operator_code in model.operatorCodes:
        operator_code.builtinCode = 0
    assert timely_outcome(pack_model(model)) == "ran"


def test_meaningless_axis_of_a_single_scale_is_a_warning() -> None:
    model = every_operator()
    quantization("net/add")(model).quantizedDimension = 77
    with pytest.warns(ModelWarning, match="quantized_dimension"):
        load_program(pack_model(model))
