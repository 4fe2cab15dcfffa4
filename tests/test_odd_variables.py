"""Variables as no converter writes them, and TensorFlow Lite Micro runs them."""

from __future__ import annotations

from ember_infer_tools.tflite_writer import ModelWriter, load_schema
from tests.support.against_tflm import EQUAL, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.tflm import Tflm


def assigned_and_read_under_other_shapes() -> bytes:
    """As ``[6]`` first, then as ``[2, 3]``; read as ``[3, 2]``."""
    writer = ModelWriter()
    handle = writer.tensor("handle", (), "resource")
    first, second = writer.tensor("first", (6,), scale=1.0), writer.tensor("second", (2, 3), scale=1.0)
    read, output = writer.tensor("read", (3, 2), scale=1.0), writer.tensor("output", (3, 2), scale=1.0)
    writer.operator("VAR_HANDLE", [], [handle], shared_name="variable")
    writer.operator("ASSIGN_VARIABLE", [handle, first], [])
    writer.operator("ASSIGN_VARIABLE", [handle, second], [])
    writer.operator("READ_VARIABLE", [handle], [read])
    writer.add(read, read, output)
    return writer.finish([first, second], [output])


def test_variable_that_is_assigned_and_read_under_other_shapes(tflm: Tflm) -> None:
    model = assigned_and_read_under_other_shapes()
    assert compare_with_tflm(model, random_batches(model), tflm) == EQUAL


def test_options_of_call_once_call_nothing_elsewhere(tflm: Tflm) -> None:
    """A RELU that has them, and names a subgraph that the file does not have."""
    options = load_schema().CallOnceOptionsT()
    options.initSubgraphIndex = 2
    writer = ModelWriter()
    input, output = writer.tensor("input", (1, 4), scale=0.5), writer.tensor("output", (1, 4), scale=0.5)
    writer.operator("RELU", [input], [output], options)
    model = writer.finish([input], [output])
    assert compare_with_tflm(model, random_batches(model), tflm) == EQUAL
