"""Hand-made hostile bytes: offsets, lengths and sharing that lie are refused quickly, by file and place."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest

from ember_infer_core import ModelError
from ember_infer_macros import load_program
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.support.outcomes import assert_refused, timely_outcome
from tests.support.samples import every_operator, two_branches

pytestmark = pytest.mark.usefixtures("limited_memory", "tflm_wheel")

LARGEST_WORD = 0xFFFFFFFF


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


def references(builder: flatbuffers.Builder, target: int, count: int) -> int:
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(target)
    return builder.EndVector()


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
