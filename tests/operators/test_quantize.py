"""QUANTIZE, from every type to every type that TFLM has it for, held to TFLM."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.typed import every_value, scales, shapes, tensors
from tests.support.against_tflm import assert_equals_tflm, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

PAIRS = (
    ("float32", "int8"),
    ("float32", "int16"),
    ("int8", "int8"),
    ("int8", "int16"),
    ("int8", "int32"),
    ("int8", "uint8"),
    ("uint8", "int8"),
    ("int16", "int8"),
    ("int16", "int16"),
    ("int16", "int32"),
    ("int32", "int8"),
    ("int32", "int16"),
)
REFUSED_PAIRS = (
    ("float32", "uint8"),
    ("float32", "int32"),
    ("uint8", "uint8"),
    ("uint8", "int16"),
    ("int16", "uint8"),
    ("int32", "int32"),
    ("int32", "uint8"),
    ("bool", "int8"),
)
# One in four from 1e-9 to 1e6.
SCALES = st.one_of(scales(), scales(), scales(), scales(-30, 20))
seeds = st.integers(0, 2**32 - 1)
EDGES = (0.0, -0.0, 1e-45, -1e-45, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan)


def ties(output: Tensor, seed: int) -> list[list[npt.NDArray[Any]]]:
    """float32 inputs at and around the halves of an output's steps, from below its range to above, and far outside."""
    random = np.random.default_rng(seed)
    (scale,) = output.scales
    limits = np.iinfo(output.dtype)
    halves = random.integers(2 * int(limits.min) - 600, 2 * int(limits.max) + 600, output.shape) / 2
    near = (halves * scale).astype(np.float32)
    far = random.choice([2.0**30, 2.0**31 - 128, 2.0**31, -(2.0**31), -(2.0**31) - 256, 2.0**40], output.shape)
    with np.errstate(over="ignore"):
        batches = [near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(0)), far * scale]
    batches.append(random.choice(EDGES, output.shape))
    return [[np.asarray(batch).astype(np.float32)] for batch in batches]


def contents(model: bytes, input: Tensor, output: Tensor, seed: int) -> list[list[npt.NDArray[Any]]]:
    batches = random_batches(model, seed)
    if input.dtype == "float32":
        return batches + ties(output, seed)
    return batches + (every_value(input.shape, input.dtype) if input.dtype in ("int8", "uint8") else [])


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_it_equals_tflm(source: str, target: str, tflm: Tflm) -> None:
    @st.composite
    def cases(draw: st.DrawFn) -> tuple[Tensor, Tensor, int]:
        shape = draw(shapes)
        return draw(tensors(shape, source, SCALES)), draw(tensors(shape, target, SCALES)), draw(seeds)

    def compare(case: tuple[Tensor, Tensor, int]) -> str:
        input, output, seed = case
        model = one_operator("QUANTIZE", [input], output)
        batches = contents(model, input, output, seed)
        return compare_with_tflm(model, batches, tflm, only_we_refuse=["output multiplier of 2**30 or more"])

    compare_drawn(cases(), compare, ordinary=60, deep=400, wanted_share=0.9)


@pytest.mark.parametrize(("source", "target"), REFUSED_PAIRS)
def test_pairs_of_types_that_tflm_refuses_are_refused(source: str, target: str, tflm: Tflm) -> None:
    model = one_operator("QUANTIZE", [tensor((4,), source, 0.5)], tensor((4,), target, 0.25))
    assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"


def test_a_quotient_beyond_int32_is_what_it_is_on_x86(tflm: Tflm) -> None:
    values: npt.NDArray[np.float32] = np.array([3e9, -3e9, np.inf, -np.inf, np.nan], np.float32)
    for zero_point in (-1, 0, 1):
        model = one_operator("QUANTIZE", [tensor((5,), "float32")], tensor((5,), "int8", 1.0, zero_point))
        assert_equals_tflm(model, [[values]], tflm)


def test_an_output_without_a_scale_is_refused(tflm: Tflm) -> None:
    model = one_operator("QUANTIZE", [tensor((4,), "float32")], Tensor((4,), "int8", (), (), 0, None))
    assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"
    with pytest.raises(UnsupportedModelError, match="is not quantised: it has no scale"):
        load_program(model)


def test_an_output_with_several_scales_is_refused(tflm: Tflm) -> None:
    output = Tensor((2, 2), "int8", (0.5, 0.25), (0, 0), 1, None)
    model = one_operator("QUANTIZE", [tensor((2, 2), "float32")], output)
    assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"
