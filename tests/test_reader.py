"""The reader against the official schema's own accessors: every field of valid models comes out the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from ember_infer_core import Program
from ember_infer_macros import load_program
from ember_infer_macros.tflite.graph import Graph
from ember_infer_macros.tflite.read import read_graph
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.support.effort import thorough
from tests.support.models import Case, graph_models
from tests.support.options import official_name, read_fields
from tests.support.samples import every_operator, two_branches

pytestmark = pytest.mark.usefixtures("tflm_wheel")


def official(content: bytes) -> Any:
    schema = load_schema()
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def assert_same(graph: Graph, model: Any) -> None:
    """Compares all that both know, field by field."""
    schema = load_schema()
    subgraph = model.subgraphs[0]
    assert graph.description == model.description.decode()
    assert list(graph.inputs) == list(subgraph.inputs)
    assert list(graph.outputs) == list(subgraph.outputs)
    for tensor, theirs in zip(graph.tensors, subgraph.tensors, strict=True):
        assert tensor.name == theirs.name.decode()
        assert list(tensor.shape) == list(theirs.shape)
        assert tensor.type == theirs.type
        assert tensor.is_variable == theirs.isVariable
        content = model.buffers[theirs.buffer].data
        assert (b"" if tensor.data is None else bytes(tensor.data)) == (b"" if content is None else bytes(content))
        if tensor.quantization is None:
            assert theirs.quantization is None or theirs.quantization.scale is None
        else:
            assert np.array_equal(np.array(tensor.quantization.scales, np.float32), theirs.quantization.scale)
            assert list(tensor.quantization.zero_points) == list(theirs.quantization.zeroPoint)
            assert tensor.quantization.quantized_dimension == theirs.quantization.quantizedDimension
    names = {number: name for name, number in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    for operator, theirs in zip(graph.operators, subgraph.operators, strict=True):
        assert operator.name == names[model.operatorCodes[theirs.opcodeIndex].builtinCode]
        assert list(operator.inputs) == list(theirs.inputs)
        assert list(operator.outputs) == list(theirs.outputs)
        assert_same_options(operator.options, theirs.builtinOptions)


def assert_same_options(ours: Any, theirs: Any) -> None:
    if theirs is None:
        assert ours is None
        return
    for field in read_fields(ours):
        assert np.array_equal(getattr(ours, field), getattr(theirs, official_name(field))), field


@thorough(ordinary=50, deep=2000)
@given(case=graph_models(5))
def test_random_models_read_as_the_official_schema_reads_them(case: Case) -> None:
    assert_same(read_graph("<bytes>", case.model), official(case.model))


@pytest.mark.parametrize("make", [every_operator, two_branches])
def test_known_models_read_as_the_official_schema_reads_them(make: Any) -> None:
    content = pack_model(make())
    assert_same(read_graph("<bytes>", content), official(content))


@pytest.mark.parametrize("name", ["sine", "speech", "person_detect"])
def test_published_models_read_as_the_official_schema_reads_them(name: str, shared: Any) -> None:
    content = (shared / "models" / f"{name}.tflite").read_bytes()
    model = official(content)
    for code in model.operatorCodes:  # files from before schema 3a
        code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
    assert_same(read_graph("<bytes>", content), model)


def test_every_number_of_the_official_enumerations_is_known() -> None:
    from ember_infer_macros.tflite.schema import BuiltinOperator, TensorType

    schema = load_schema()
    for ours, theirs in ((BuiltinOperator, schema.BuiltinOperator), (TensorType, schema.TensorType)):
        official_numbers = {name: number for name, number in vars(theirs).items() if not name.startswith("_")}
        assert {member.name: member.value for member in ours} == official_numbers


def test_constants_are_read_only_copies() -> None:
    program: Program = load_program(pack_model(every_operator()))
    for tensor in program.tensors:
        if tensor.data is not None:
            assert not tensor.data.flags.writeable
            assert tensor.data.flags.aligned
            assert tensor.data.shape == tensor.shape


def test_writer_aligns_constants_to_16_bytes() -> None:
    model = load_schema().Model.GetRootAs(pack_model(every_operator()), 0)
    lengths = 0
    for index in range(model.BuffersLength()):
        buffer = model.Buffers(index)
        if buffer.DataLength():
            lengths += 1
            assert buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0
    assert lengths == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dtype": "int5"}, "dtype 'int5' is none of"),
        ({"scale": 1.0, "scales": [1.0]}, "one scale or several"),
        ({"data": np.zeros(3, np.int8)}, r"the data is int8\[3\], not int8\[4\]"),
        ({"data": np.zeros(4, np.int16)}, r"the data is int16\[4\], not int8\[4\]"),
    ],
)
def test_writer_refuses_what_it_cannot_mean(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelWriter().tensor("t", (4,), **arguments)
