"""``ember-infer compare`` on models with other types than int8, and on operators with several outputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import ComparisonError, LookupParams
from ember_infer_core.samples import random_inputs
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import compare
from ember_infer_tools.compare.difference import Tally
from ember_infer_tools.tflite_writer import ModelWriter
from tests.tools.comparing import REF, shown


def float_edges(width: int = 6) -> bytes:
    """float32 to int8 in steps of 1/4 from -30 to 33.75, split in two, and the first half back to float32."""
    writer = ModelWriter()
    x = writer.tensor("x", (1, 2 * width), "float32")
    q = writer.tensor("q", (1, 2 * width), scale=0.25, zero_point=-8)
    axis = writer.tensor("axis", (), "int32", data=np.array(1, np.int32))
    left, right = (writer.tensor(name, (1, width), scale=0.25, zero_point=-8) for name in ("left", "right"))
    y = writer.tensor("y", (1, width), "float32")
    writer.operator("QUANTIZE", [x], [q])
    writer.operator("SPLIT", [axis, q], [left, right], num_splits=2)
    writer.operator("DEQUANTIZE", [left], [y])
    return writer.finish([x], [y, right])


class NextFloat(RefBackend):
    """Gives of every real value the next larger one."""

    def dequantize(self, params: LookupParams) -> None:
        super().dequantize(params)
        np.nextafter(params.output, np.float32(np.inf), out=params.output)


def test_models_with_other_types_equal_tflm_at_every_layer(tflm_wheel: None) -> None:
    found = compare(float_edges(), REF, "tflm", samples=5)
    assert found.equal
    assert [layer.layer for layer in found.layer_by_layer] == ["q", "left_0", "left_1", "y"]
    assert all(layer.difference is not None and layer.difference.elements for layer in found.layer_by_layer)
    assert [output.dtype for output in found.outputs] == ["float32", "int8"]


def test_floats_differ_in_units_in_the_last_place() -> None:
    found = compare(float_edges(), REF, NextFloat(), samples=3)
    assert found.first_faulty is not None
    assert found.first_faulty.layer == "y"
    difference = found.first_faulty.difference
    assert difference is not None
    assert (difference.different, difference.largest, difference.histogram) == (18, 1, {1: 18})
    assert difference.first is not None
    assert difference.first.b == np.nextafter(np.float32(difference.first.a), np.float32(np.inf))
    text = shown(found)
    assert "float32[1, 6]" in text
    assert "by 1 units in the last place at most" in text


class AcrossZero(RefBackend):
    """Takes the third real value for its negative, and adds almost nothing to the first one, which is 0."""

    def dequantize(self, params: LookupParams) -> None:
        super().dequantize(params)
        params.output[0, 2] *= -1
        params.output[0, 0] += np.float32(1e-30)


def test_floats_near_zero_and_of_two_signs_are_told_by_value() -> None:
    values = np.array([[0, 1, 2.5, 3, 4, 5, *[0] * 6]], np.float32)
    found = compare(float_edges(), REF, AcrossZero(), values)
    assert found.first_faulty is not None
    difference = found.first_faulty.difference
    assert difference is not None
    assert difference.worst is not None
    assert (difference.worst.coordinates, difference.worst.a, difference.worst.b) == ((0, 2), 2.5, -2.5)
    text = shown(found)
    assert "by >1e6 units in the last place at most and by 5 in value" in text
    assert "5 (>1e6 ulp)" in text
    assert re.search(r"<-1e6 +1 .*\n +>\+1e6 +1 ", text)


def test_a_float_that_is_no_number_is_farthest() -> None:
    tally = Tally()
    one = np.array([1.0, 2.0, np.nan, 4.0, np.inf], np.float32)
    other = np.array([1.5, np.nan, np.nan, 5.0, np.inf], np.float32)
    assert tally.add(0, one, other).tolist() == [True, True, False, True, False]
    difference = tally.difference()
    assert difference is not None
    assert difference.worst is not None
    assert difference.worst.coordinates == (1,)


def test_random_floats_are_those_that_quantize_can_tell_apart() -> None:
    (values,) = random_inputs(load_program(float_edges(500)), 1, seed=0)
    assert values.dtype == np.float32
    assert -30 <= values.min() < -29.8
    assert 33.5 < values.max() <= 33.75


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 12), np.int8), "inputs: float32 is wanted, not int8"),
        (np.zeros((2, 11), np.float32), "does not hold whole samples of 12 elements"),
    ],
)
def test_samples_must_have_the_models_type_and_size(array: npt.NDArray[Any], words: str) -> None:
    with pytest.raises(ComparisonError, match=words):
        compare(float_edges(), REF, REF, array)


def test_dumps_hold_each_tensors_own_type(tmp_path: Path) -> None:
    values = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 12)
    values.astype("<f4").tofile(tmp_path / "input.bin")
    halves = [np.round(values[:, part] * 4 - 8).astype(np.int8) for part in (slice(6), slice(6, 12))]
    halves[1].tofile(tmp_path / "left_1.bin")
    np.save(tmp_path / "y.npy", ((halves[0] + np.float32(8)) / 4).astype(np.float32))
    found = compare(float_edges(), REF, f"dumps:{tmp_path}")
    compared = {layer.layer: layer.differs for layer in found.end_to_end if layer.difference is not None}
    assert compared == {"left_1": False, "y": False}
    np.save(tmp_path / "y.npy", np.zeros((2, 6), np.int8))
    with pytest.raises(ComparisonError, match=r"y\.npy: float32 is wanted, not int8"):
        compare(float_edges(), REF, f"dumps:{tmp_path}")
    (tmp_path / "y.npy").unlink()
    (tmp_path / "y.bin").write_bytes(bytes(47))
    with pytest.raises(ComparisonError, match=r"47 bytes; y has 24 bytes a sample \(float32\[1, 6\]\)"):
        compare(float_edges(), REF, f"dumps:{tmp_path}")
