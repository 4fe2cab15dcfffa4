"""The model writer: options by keyword, versions as the converter's, element types of all kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ember_infer_tools.tflite_options import make_options
from ember_infer_tools.tflite_writer import ModelWriter, load_schema
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm

pytestmark = pytest.mark.usefixtures("tflm_wheel")

WITHOUT_OPTIONS = (
    *("CEIL", "ELU", "FLOOR", "LOG", "LOGISTIC", "PRELU", "RELU", "RELU6", "ROUND", "RSQRT", "SIN", "SQRT", "TANH"),
    "BROADCAST_ARGS",
)


def written(content: bytes) -> Any:
    schema = load_schema()
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def only_operator(content: bytes) -> Any:
    return written(content).subgraphs[0].operators[0]


def test_options_are_written_by_the_names_of_the_schemas_fields() -> None:
    content = one_operator(
        "STRIDED_SLICE",
        [tensor((4, 4)), constant([0, 1], "int32"), constant([4, 4], "int32"), constant([2, 1], "int32")],
        tensor((2, 3)),
        begin_mask=1,
        shrink_axis_mask=2,
    )
    options = only_operator(content).builtinOptions
    assert vars(options) == {
        "beginMask": 1,
        "endMask": 0,
        "ellipsisMask": 0,
        "newAxisMask": 0,
        "shrinkAxisMask": 2,
        "offset": False,
    }


@pytest.mark.parametrize(
    ("operator", "fields", "expected"),
    [
        ("MIRROR_PAD", {"mode": "SYMMETRIC"}, {"mode": 1}),
        ("ARG_MAX", {"output_type": "int32"}, {"outputType": 2}),
        ("ARG_MIN", {"output_type": 4}, {"outputType": 4}),
        ("SUB", {"activation": "RELU6"}, {"fusedActivationFunction": 3, "potScaleInt16": True}),
        ("MEAN", {"keep_dims": True}, {"keepDims": True}),
        ("LEAKY_RELU", {"alpha": 0.5}, {"alpha": 0.5}),
        ("SPLIT_V", {"num_splits": 3}, {"numSplits": 3}),
        ("BATCH_MATMUL", {"adj_y": True}, {"adjX": False, "adjY": True, "asymmetricQuantizeInputs": False}),
    ],
)
def test_enumerations_go_by_name_and_the_rest_has_the_schemas_default(
    operator: str, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert vars(make_options(load_schema(), operator, fields)) == expected


def test_every_operator_has_its_table_or_none(schema: Any) -> None:
    """A table that no operator leads to would mean a name that the writer cannot find."""
    operators = [name for name in vars(schema.BuiltinOperator) if not name.startswith(("_", "STABLEHLO"))]
    found = {type(make_options(schema, name, {})).__name__.removesuffix("T") for name in operators}
    tables = {name for name in vars(schema.BuiltinOptions) if not name.startswith("_")}
    assert tables - found == {"NONE", "RandomOptions"}  # random numbers are no business of a test model
    assert all(make_options(schema, name, {}) is None for name in WITHOUT_OPTIONS)


@pytest.mark.parametrize(
    ("operator", "fields", "message"),
    [
        ("PACK", {"values": 2}, "PackOptions has no field 'values'; it has valuesCount, axis"),
        ("LOGISTIC", {"activation": "RELU"}, "LOGISTIC has no options, and so no activation"),
        ("ARG_MAX", {"output_type": "int33"}, "output_type 'int33' is none of FLOAT32"),
        ("ADDITION", {}, "the schema has no operator 'ADDITION'"),
    ],
)
def test_what_the_schema_does_not_have_is_refused(operator: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelWriter().operator(operator, [], [], **fields)


def test_options_are_given_in_one_way_only(schema: Any) -> None:
    with pytest.raises(ValueError, match="SOFTMAX: give options as an object, by keyword, or not at all"):
        ModelWriter().operator("SOFTMAX", [], [], schema.SoftmaxOptionsT(), beta=1.0)
    with pytest.raises(ValueError, match="not at all"):
        ModelWriter().operator("SOFTMAX", [], [], with_options=False, beta=1.0)


@pytest.mark.parametrize(
    ("operator", "dtypes", "version"),
    [
        ("CONV_2D", ["int8", "int8"], 3),
        ("FULLY_CONNECTED", ["int8", "int8"], 4),
        ("MEAN", ["int8", "int32"], 2),
        ("MEAN", ["float32", "int32"], 1),
        ("SUB", ["int16", "int16"], 5),
        ("SPLIT", ["int32", "int8"], 2),
        ("FILL", ["int32", "float32"], 1),
        ("BROADCAST_TO", ["float32", "int32"], 2),
        ("BROADCAST_TO", ["int8", "int32"], 3),
        ("QUANTIZE", ["float32"], 1),
    ],
)
def test_versions_are_the_converters_for_the_inputs_types(operator: str, dtypes: list[str], version: int) -> None:
    content = one_operator(operator, [tensor((1,), dtype) for dtype in dtypes], tensor((1,)))
    assert written(content).operatorCodes[0].version == version


def test_a_version_can_be_given() -> None:
    content = one_operator("RELU", [tensor((1,))], tensor((1,)), version=9)
    assert written(content).operatorCodes[0].version == 9


def test_int4_is_packed_low_half_first(tflm: Tflm) -> None:
    weights = np.array([[-8, 7, 1], [2, -1, -3]], np.int8)
    packed = constant(weights, "int4", scale=1.0)
    content = one_operator("FULLY_CONNECTED", [tensor((1, 3), scale=1.0), packed], tensor((1, 2), scale=1.0))
    assert [bytes(buffer.data) for buffer in written(content).buffers if buffer.data is not None] == [b"\x78\x21\xdf"]
    given = np.array([[1, 2, 3]], np.int8)
    assert np.array_equal(tflm.run(content, [[given]])[0][0], given @ weights.T)


def test_int4_of_an_odd_number_ends_in_half_a_byte() -> None:
    content = one_operator("DEQUANTIZE", [constant([-1, 2, -3], "int4", scale=1.0)], tensor((3,), "float32"))
    assert bytes(written(content).buffers[1].data) == b"\x2f\x0d"


def test_int4_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"tensor 't': the data goes from -9 to 8, int4 from -8 to 7"):
        ModelWriter().tensor("t", (2,), "int4", data=np.array([-9, 8], np.int8))


@pytest.mark.parametrize(
    "dtype", ["bool", "float16", "float32", "int16", "int32", "int64", "uint8", "uint32", "uint64"]
)
def test_constants_of_every_type_are_written_little_endian(dtype: str) -> None:
    values = np.array([0, 1], dtype)
    content = one_operator("RESHAPE", [constant(values, dtype)], tensor((2,), dtype))
    assert bytes(written(content).buffers[1].data) == values.astype(values.dtype.newbyteorder("<")).tobytes()


def test_subgraphs_share_buffers_and_operator_codes_and_have_tensors_of_their_own(tflm: Tflm) -> None:
    """The initialiser assigns what the main subgraph then reads: TFLM finds its way through all of it."""
    writer = ModelWriter()
    initialiser = writer.subgraph()
    for part in (writer, initialiser):
        handle = part.tensor("handle", (), "resource")
        part.operator("VAR_HANDLE", [], [handle], shared_name="memory")
    value = initialiser.tensor("value", (3,), scale=1.0, data=np.array([1, 2, 3], np.int8))
    initialiser.operator("ASSIGN_VARIABLE", [handle, value], [])
    writer.operator("CALL_ONCE", [], [], init_subgraph_index=initialiser.number)
    output = writer.tensor("output", (3,), scale=1.0)
    writer.operator("READ_VARIABLE", [handle], [output])
    content = writer.finish([], [output])
    assert len(written(content).operatorCodes) == 4
    assert tflm.run(content, [[]])[0][0].tolist() == [1, 2, 3]


def test_custom_options_are_written_as_they_are() -> None:
    writer = ModelWriter()
    input, output = (writer.tensor(name, (1,), scale=1.0) for name in ("input", "output"))
    writer.operator("CUSTOM", [input], [output], custom_code="MINE", custom_options=b"\x01\x02")
    assert bytes(only_operator(writer.finish([input], [output])).customOptions) == b"\x01\x02"
