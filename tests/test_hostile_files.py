"""Hand-made hostile files: each is refused quickly, with an error that names the file and the place."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest

from ember_infer_core import ModelError, ModelWarning, UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.support.outcomes import refusal, timely_outcome
from tests.support.samples import every_operator, two_branches

pytestmark = pytest.mark.usefixtures("limited_memory", "tflm_wheel")

LARGEST_WORD = 0xFFFFFFFF
GELU = 150  # a builtin operator that TensorFlow Lite Micro has not


def assert_refused(content: bytes, hint: str) -> None:
    reason = refusal(content).reason
    assert re.search(hint, reason), f"{hint!r} does not occur in: {reason}"


# No model at all


@pytest.mark.parametrize("length", range(9))
def test_first_bytes_alone_are_refused(length: int) -> None:
    assert_refused(pack_model(two_branches())[:length], "too few")


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(60), b"\x89PNG\r\n\x1a\n" + bytes(60), b"hello " * 20])
def test_other_files_are_refused(content: bytes) -> None:
    assert_refused(content, "not a TensorFlow Lite model")


def test_error_names_the_path(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(pack_model(two_branches())[:-100])
    with pytest.raises(ModelError) as caught:
        load_program(path)
    assert str(caught.value).startswith(f"{path}: ")


# Bytes: offsets, lengths, vtables


class Bytes:
    """A model's bytes with the places of its parts, found with the official accessors."""

    def __init__(self, model: Any) -> None:
        self.data = bytearray(pack_model(model))
        self.model = load_schema().Model.GetRootAs(self.data, 0)
        self.subgraph = self.model.Subgraphs(0)

    def word(self, place: int) -> int:
        return int.from_bytes(self.data[place : place + 4], "little")

    def put(self, place: int, word: int) -> bytes:
        self.data[place : place + 4] = struct.pack("<I", word % 2**32)
        return bytes(self.data)


def table_start(table: Any) -> int:
    return int(table._tab.Pos)


def field_start(table: Any, slot: int) -> int:
    """Where a field of a table is stored; ``slot`` counts from 0 as the schema does."""
    offset = table._tab.Offset(4 + 2 * slot)
    assert offset, "the field is absent"
    return int(table._tab.Pos + offset)


def vector_start(table: Any, slot: int) -> int:
    """Where the vector's length is stored."""
    return int(table._tab.Vector(table._tab.Offset(4 + 2 * slot))) - 4


MODEL_CODES, MODEL_SUBGRAPHS, MODEL_DESCRIPTION, MODEL_BUFFERS = 1, 2, 3, 4
SUBGRAPH_TENSORS, SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS, SUBGRAPH_OPERATORS = range(4)
TENSOR_SHAPE, TENSOR_NAME, TENSOR_QUANTIZATION = 0, 3, 4
OPERATOR_INPUTS, OPERATOR_OPTIONS = 1, 4

VECTORS: dict[str, Callable[[Bytes], int]] = {
    "operator_codes": lambda b: vector_start(b.model, MODEL_CODES),
    "subgraphs": lambda b: vector_start(b.model, MODEL_SUBGRAPHS),
    "description": lambda b: vector_start(b.model, MODEL_DESCRIPTION),
    "buffers": lambda b: vector_start(b.model, MODEL_BUFFERS),
    r"subgraphs\[0\].tensors": lambda b: vector_start(b.subgraph, SUBGRAPH_TENSORS),
    r"subgraphs\[0\].inputs": lambda b: vector_start(b.subgraph, SUBGRAPH_INPUTS),
    r"subgraphs\[0\].outputs": lambda b: vector_start(b.subgraph, SUBGRAPH_OUTPUTS),
    r"subgraphs\[0\].operators": lambda b: vector_start(b.subgraph, SUBGRAPH_OPERATORS),
    r"tensors\[0\].shape": lambda b: vector_start(b.subgraph.Tensors(0), TENSOR_SHAPE),
    r"tensors\[0\].name": lambda b: vector_start(b.subgraph.Tensors(0), TENSOR_NAME),
    r"tensors\[1\].quantization.scale": lambda b: vector_start(b.subgraph.Tensors(1).Quantization(), 2),
    r"operators\[2\].inputs": lambda b: vector_start(b.subgraph.Operators(2), OPERATOR_INPUTS),
    r"buffers\[1\].data": lambda b: vector_start(b.model.Buffers(1), 0),
}


@pytest.mark.parametrize("length", [LARGEST_WORD, 0x7FFFFFFF, 0x40000001, 100_000])
@pytest.mark.parametrize("vector", VECTORS)
def test_vector_longer_than_the_file(vector: str, length: int) -> None:
    damaged = Bytes(every_operator())
    assert_refused(damaged.put(VECTORS[vector](damaged), length), f"{vector}.*outside the file")


OFFSETS: dict[str, Callable[[Bytes], int]] = {
    "Model": lambda b: 0,
    "subgraphs": lambda b: field_start(b.model, MODEL_SUBGRAPHS),
    r"subgraphs\[0\]": lambda b: vector_start(b.model, MODEL_SUBGRAPHS) + 4,
    r"tensors\[3\]": lambda b: vector_start(b.subgraph, SUBGRAPH_TENSORS) + 4 + 4 * 3,
    r"tensors\[0\].quantization": lambda b: field_start(b.subgraph.Tensors(0), TENSOR_QUANTIZATION),
    r"operators\[0\].builtin_options": lambda b: field_start(b.subgraph.Operators(0), OPERATOR_OPTIONS),
    r"buffers\[1\]": lambda b: vector_start(b.model, MODEL_BUFFERS) + 4 + 4 * 1,
}


@pytest.mark.parametrize("offset", [LARGEST_WORD, 0x80000000, 0x7FFFFFFF, 1_000_000])
@pytest.mark.parametrize("field", OFFSETS)
def test_offset_beyond_the_file(field: str, offset: int) -> None:
    damaged = Bytes(every_operator())
    assert_refused(damaged.put(OFFSETS[field](damaged), offset), f"{field}.*outside the file")


@pytest.mark.parametrize("field", OFFSETS)
def test_offset_to_itself(field: str) -> None:
    damaged = Bytes(every_operator())
    assert_refused(damaged.put(OFFSETS[field](damaged), 0), field)


@pytest.mark.parametrize("field", OFFSETS)
def test_offset_to_the_last_bytes(field: str) -> None:
    damaged = Bytes(every_operator())
    place = OFFSETS[field](damaged)
    assert_refused(damaged.put(place, len(damaged.data) - place - 1), field)


TABLES: dict[str, Callable[[Bytes], Any]] = {
    "Model": lambda b: b.model,
    r"subgraphs\[0\]": lambda b: b.subgraph,
    r"tensors\[0\]": lambda b: b.subgraph.Tensors(0),
    r"operators\[1\]": lambda b: b.subgraph.Operators(1),
    r"tensors\[0\].quantization": lambda b: b.subgraph.Tensors(0).Quantization(),
}


@pytest.mark.parametrize("distance", [0x7FFFFFFF, -0x80000000, -100_000, 100_000])
@pytest.mark.parametrize("table", TABLES)
def test_vtable_outside_the_file(table: str, distance: int) -> None:
    damaged = Bytes(every_operator())
    assert_refused(damaged.put(table_start(TABLES[table](damaged)), distance), f"{table}.*vtable.*outside the file")


@pytest.mark.parametrize("size", [0, 2, 5, 0xFFFE, 0xFFFF])
def test_vtable_of_impossible_size(size: int) -> None:
    damaged = Bytes(every_operator())
    start = table_start(damaged.model)
    vtable = start - struct.unpack_from("<i", damaged.data, start)[0]
    struct.pack_into("<H", damaged.data, vtable, size)
    assert_refused(bytes(damaged.data), r"Model \(vtable\)")


def test_field_outside_its_table() -> None:
    damaged = Bytes(every_operator())
    start = table_start(damaged.model)
    vtable = start - struct.unpack_from("<i", damaged.data, start)[0]
    struct.pack_into("<H", damaged.data, vtable + 4 + 2 * MODEL_SUBGRAPHS, 0xFFF0)
    assert_refused(bytes(damaged.data), "Model.subgraphs: stored at 65520, outside its table")


def test_table_that_reads_itself_as_a_vector() -> None:
    """The subgraphs' vector points at the model's own table: aliased, and cyclic where read as tables."""
    damaged = Bytes(every_operator())
    place = vector_start(damaged.model, MODEL_SUBGRAPHS) + 4
    assert timely_outcome(damaged.put(place, 4)) == "ModelError"


# Sharing that multiplies


def aliasing_bomb(subgraphs: int, tensors: int, sizes: int) -> bytes:
    """``subgraphs`` references to one subgraph of ``tensors`` references to one tensor with a long shape."""
    schema = load_schema()
    builder = flatbuffers.Builder(0)
    shape = builder.CreateNumpyVector(np.ones(sizes, np.int32))
    schema.TensorStart(builder)
    schema.TensorAddShape(builder, shape)
    tensor = schema.TensorEnd(builder)
    vector = references(builder, tensor, tensors)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, vector)
    subgraph = schema.SubGraphEnd(builder)
    vector = references(builder, subgraph, subgraphs)
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, vector)
    builder.Finish(schema.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def references(builder: Any, target: int, count: int) -> int:
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(target)
    return int(builder.EndVector())


@pytest.mark.parametrize(
    ("subgraphs", "tensors", "sizes"), [(1000, 1000, 1000), (3000, 1, 1), (1, 30, 2500), (50, 50, 1)]
)
def test_aliasing_bomb(subgraphs: int, tensors: int, sizes: int) -> None:
    """A few kilobytes that unfold to billions of elements."""
    content = aliasing_bomb(subgraphs, tensors, sizes)
    assert len(content) < 20_000
    assert timely_outcome(content) in ("ModelError", "UnsupportedModelError")


def test_many_tensors_share_one_large_constant() -> None:
    """Sharing a buffer is legal; a copy for each tensor would take two gigabytes."""
    writer = ModelWriter()
    size, count = 200_000, 10_000
    input = writer.tensor("input", (2,), scale=1.0)
    output = writer.tensor("output", (2,), scale=1.0)
    for _ in range(count):
        writer.tensor("", (size,), scale=1.0)
    writer.add(input, input, output)
    model = writer.model([input], [output])
    model.buffers.append(load_schema().BufferT())
    model.buffers[1].data = np.zeros(size, np.uint8)
    for tensor in model.subgraphs[0].tensors[2:]:
        tensor.buffer = 1
    program = load_program(pack_model(model))
    assert len(program.tensors) == count + 2


@pytest.mark.parametrize("used", [False, True])
def test_many_buffers_overlap(used: bool) -> None:
    """Buffers that start at every second byte of one large constant, each nearly as long as the file."""
    model = two_branches()
    graph = model.subgraphs[0]
    shape = [1, 50_000]
    for index in range(2000):
        constant = load_schema().TensorT()
        constant.name, constant.type, constant.shape = "", load_schema().TensorType.INT8, shape
        constant.buffer = len(model.buffers)
        buffer = load_schema().BufferT()
        buffer.offset, buffer.size = 1000 + 2 * index, shape[1]
        graph.tensors.append(constant)
        model.buffers.append(buffer)
    model.buffers.append(load_schema().BufferT())
    model.buffers[-1].data = np.zeros(shape[1] + 10_000, np.uint8)
    if used:
        graph.operators[0].inputs[0] = len(graph.tensors) - 1
        assert_refused(pack_model(model), "tensor .*: the buffers overlap")
    else:
        assert timely_outcome(pack_model(model)) == "ran"


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


# Legal, though it asks for much


def test_huge_activations_are_not_allocated_when_a_model_is_read() -> None:
    writer = ModelWriter()
    input = writer.tensor("input", (1, 1 << 14, 1 << 14, 1), scale=1.0)
    output = writer.tensor("output", (1, 1 << 14, 1 << 14, 1), scale=1.0)
    writer.max_pool_2d(input, output, filter_height=1, filter_width=1)
    assert timely_outcome(writer.finish([input], [output])) == "too large to run"


def model_with_attribute(attribute: str, size: int) -> bytes:
    """A window, stride or dilation of that size on an image of 3 x 3, with SAME padding."""
    writer = ModelWriter()
    input = writer.tensor("input", (1, 3, 3, 1), scale=1.0)
    output = writer.tensor("output", (1, 1, 1, 1) if attribute == "stride" else (1, 3, 3, 1), scale=1.0)
    if attribute == "window":
        writer.max_pool_2d(input, output, filter_height=size, filter_width=size, padding="SAME")
    elif attribute == "stride":
        writer.max_pool_2d(input, output, filter_height=1, filter_width=1, stride_h=size, stride_w=size, padding="SAME")
    else:
        weights = writer.tensor("weights", (1, 3, 3, 1), scale=1.0, data=np.ones((1, 3, 3, 1), np.int8))
        writer.conv2d(input, weights, None, output, dilation_h_factor=size, dilation_w_factor=size)
    return writer.finish([input], [output])


@pytest.mark.parametrize("size", [1 << 10, (1 << 15) - 1])
@pytest.mark.parametrize("attribute", ["window", "stride", "dilation"])
def test_huge_attribute_runs_in_no_time(attribute: str, size: int) -> None:
    """Rows and columns far outside the image contribute nothing and must cost nothing."""
    assert timely_outcome(model_with_attribute(attribute, size)) == "ran"


@pytest.mark.parametrize("size", [1 << 17, 1 << 29])
@pytest.mark.parametrize("attribute", ["window", "stride", "dilation"])
def test_attribute_that_the_device_has_no_bits_for_is_refused(attribute: str, size: int) -> None:
    assert_refused(model_with_attribute(attribute, size), "in 16 bits")


@pytest.mark.parametrize("attribute", ["window", "stride", "dilation"])
def test_attribute_that_overflows_int32_on_the_device(attribute: str) -> None:
    assert_refused(model_with_attribute(attribute, (1 << 31) - 1), "operator 0 .*overflow")


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
