"""Every table of options against the official schema: each field alone, with the others at their defaults."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ember_infer_macros.tflite.options import BUILTIN_OPTIONS, NoOptions
from ember_infer_macros.tflite.read import read_graph
from ember_infer_tools.tflite_options import make_options
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.support.options import official_name, read_fields

pytestmark = pytest.mark.usefixtures("tflm_wheel")

# Fields of the official schema that the reader has no use for.
UNREAD = {"quantSpec"}

OPERATORS = (
    *("ABS", "ADD", "ADD_N", "ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "BATCH_MATMUL", "BATCH_TO_SPACE_ND"),
    *("BROADCAST_TO", "CAST", "CONCATENATION", "CONV_2D", "CUMSUM", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE"),
    *("DEQUANTIZE", "DIV", "EQUAL", "EXP", "EXPAND_DIMS", "FILL", "FULLY_CONNECTED", "GATHER", "GATHER_ND", "GREATER"),
    *("GREATER_EQUAL", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LESS", "LESS_EQUAL", "LOGICAL_AND"),
    *("LOGICAL_NOT", "LOGICAL_OR", "LOG_SOFTMAX", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MIRROR_PAD", "MUL"),
    *("NEG", "NOT_EQUAL", "PACK", "PAD", "PADV2", "QUANTIZE", "REDUCE_MAX", "REDUCE_MIN", "RESHAPE", "RESIZE_BILINEAR"),
    *("RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "SELECT_V2", "SHAPE", "SLICE", "SOFTMAX", "SPACE_TO_BATCH_ND"),
    *("SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUARE", "SQUARED_DIFFERENCE", "SQUEEZE", "STRIDED_SLICE", "SUB", "SUM"),
    *("TRANSPOSE", "TRANSPOSE_CONV", "UNPACK", "ZEROS_LIKE"),
)


def model_with(operator: str, options: Any) -> Any:
    """A ``ModelT`` of one operator, which need not mean anything."""
    writer = ModelWriter()
    input, output = writer.tensor("input", (2,), scale=1.0), writer.tensor("output", (2,), scale=1.0)
    writer.operator(operator, [input], [output], options, with_options=options is not None)
    return writer.model([input], [output])


def options_read(operator: str, options: Any) -> Any:
    return read_graph("<bytes>", pack_model(model_with(operator, options))).operators[0].options


def other_value(value: Any) -> Any:
    """A value of the same type that is not the default."""
    if value is None:
        return [3, -1, 2**31 - 1]
    return not value if isinstance(value, bool) else value + (0.75 if isinstance(value, float) else 5)


def assert_read(ours: Any, theirs: Any) -> None:
    for name in read_fields(ours):
        assert np.array_equal(getattr(ours, name), getattr(theirs, official_name(name))), name


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_field_is_read_as_the_official_schema_writes_it(operator: str) -> None:
    schema = load_schema()
    options = make_options(schema, operator, {})
    assert_read(options_read(operator, options), options)
    for name, default in vars(options).items():
        changed = make_options(schema, operator, {})
        setattr(changed, name, other_value(default))
        if name not in UNREAD:
            assert_read(options_read(operator, changed), changed)


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_field_of_the_official_schema_is_read(operator: str) -> None:
    options = make_options(load_schema(), operator, {})
    ours = options_read(operator, options)
    assert {official_name(name) for name in read_fields(ours)} == set(vars(options)) - UNREAD


def test_tables_have_the_official_numbers_and_names(schema: Any) -> None:
    names = {number: name for name, number in vars(schema.BuiltinOptions).items() if not name.startswith("_")}
    for number, table in BUILTIN_OPTIONS.items():
        if table is NoOptions:
            assert vars(getattr(schema, f"{names[number]}T")()) == {}, names[number]
        else:
            assert table.__name__ == names[number]


def test_an_operator_without_options_has_none() -> None:
    assert options_read("LOGISTIC", None) is None
    assert options_read("CONCATENATION", None) is None


def test_options_of_the_second_union_are_no_options(schema: Any) -> None:
    """Number 1 of ``BuiltinOptions2`` is another table than number 1 of ``BuiltinOptions``."""
    for number, name in ((1, "StablehloConcatenateOptions"), (18, "DilateOptions")):
        model = model_with("CONV_2D", None)
        operator = model.subgraphs[0].operators[0]
        operator.builtinOptions2Type = getattr(schema.BuiltinOptions2, name)
        operator.builtinOptions2 = getattr(schema, f"{name}T")()
        assert operator.builtinOptions2Type == number
        assert read_graph("<bytes>", pack_model(model)).operators[0].options is None


def test_both_unions_may_stand_side_by_side(schema: Any) -> None:
    options = make_options(schema, "CONCATENATION", {"axis": 2})
    model = model_with("CONCATENATION", options)
    operator = model.subgraphs[0].operators[0]
    operator.builtinOptions2Type = schema.BuiltinOptions2.StablehloConcatenateOptions
    operator.builtinOptions2 = schema.StablehloConcatenateOptionsT()
    assert_read(read_graph("<bytes>", pack_model(model)).operators[0].options, options)
