"""Constants of four bits: two elements in a byte."""

from __future__ import annotations

import numpy as np
import pytest

from ember_infer_macros.tflite.read import read_graph
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.support.one_operator import constant, one_operator, tensor

pytestmark = pytest.mark.usefixtures("tflm_wheel")


@pytest.mark.parametrize(("elements", "length"), [(1, 1), (6, 3), (7, 4)])
def test_an_int4_constant_takes_half_a_byte_for_each_element(elements: int, length: int) -> None:
    data = np.arange(elements, dtype=np.int8) - 3
    content = one_operator("DEQUANTIZE", [constant(data, "int4", scale=1.0)], tensor((elements,), "float32"))
    found = read_graph("<bytes>", content).tensors[0].data
    assert found is not None
    assert len(found) == length


@pytest.mark.parametrize("length", [2, 3, 5, 7])
def test_an_int4_constant_of_another_length_is_wrong(length: int) -> None:
    writer = ModelWriter()
    weights = writer.tensor("weights", (7,), "int4", scale=1.0, data=np.zeros(7, np.int8))
    output = writer.tensor("output", (7,), "float32")
    writer.operator("DEQUANTIZE", [weights], [output])
    model = writer.model([], [output])
    model.buffers[1].data = np.zeros(length, np.uint8)
    found = read_graph("<bytes>", pack_model(model)).tensors[0]
    assert (found.damage if length < 4 else found.oddity) == f"buffer 1 has {length} bytes, shape [7] wants 4"
