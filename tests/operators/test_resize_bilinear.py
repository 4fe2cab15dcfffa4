"""RESIZE_BILINEAR against TFLM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators.products import check, zero_points
from tests.support.against_tflm import assert_equals_tflm, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm

DTYPES = ("int8", "float32")
OUTSIDE = "reads outside its input"
FLAGS = ((False, False), (True, False), (False, True))


def resize(
    dtype: str, shape: tuple[int, ...], size: tuple[int, int], align: bool, half_pixel: bool, zero_point: int = 0
) -> bytes:
    def image(*sizes: int) -> Tensor:
        return tensor(sizes, dtype, 0.1, zero_point) if dtype == "int8" else tensor(sizes, dtype)

    batch, _, _, channels = shape
    operands = [image(*shape), constant(size, "int32")]
    options = {"align_corners": align, "half_pixel_centers": half_pixel}
    return one_operator("RESIZE_BILINEAR", operands, image(batch, *size, channels), **options)


@st.composite
def models(draw: st.DrawFn, dtype: str) -> bytes:
    shape = tuple(draw(st.integers(1, most)) for most in (2, 12, 12, 5))
    size = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    return resize(dtype, shape, size, *draw(st.sampled_from(FLAGS)), draw(zero_points))


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_size_equals_tflm(dtype: str, tflm: Tflm) -> None:
    check(tflm, models(dtype), only_we_refuse=[OUTSIDE])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("align", "half_pixel"), FLAGS)
def test_small_and_large_changes_of_a_width_equal_tflm_or_read_outside(
    dtype: str, align: bool, half_pixel: bool, tflm: Tflm
) -> None:
    went = set()
    for columns in (1, 2, 3, 7, 31, 224):
        for target in (1, 2, 3, 5, 14, 65, 224, 1000):
            model = resize(dtype, (1, 2, columns, 1), (3, target), align, half_pixel)
            went.add(compare_with_tflm(model, random_batches(model), tflm, only_we_refuse=[OUTSIDE]))
    assert "equal" in went


@pytest.mark.parametrize(("columns", "target"), [(2, 65), (1, 55)])
def test_what_tflm_reads_outside_its_input_is_refused(columns: int, target: int) -> None:
    with pytest.raises(
        UnsupportedModelError, match=rf"along the width, .* {OUTSIDE} when it resizes {columns} to {target}"
    ):
        load_program(resize("int8", (1, 2, columns, 1), (2, target), False, False))


def test_infinities_and_nan_equal_tflm(tflm: Tflm) -> None:
    model = resize("float32", (1, 2, 3, 1), (5, 7), False, True)
    image = np.array([np.inf, -0.0, -0.0, -0.0, np.nan, -np.inf], np.float32).reshape(1, 2, 3, 1)
    assert_equals_tflm(model, [[image], [-image], [np.full_like(image, -0.0)]], tflm)


def test_both_flags_are_refused(tflm: Tflm) -> None:
    model = resize("int8", (1, 2, 2, 1), (4, 4), True, True)
    with pytest.raises(UnsupportedModelError, match="exclude each other; TensorFlow Lite Micro refuses this too"):
        load_program(model)
    assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"


@pytest.mark.parametrize("size", [[4, 5], [4], [4, 4, 4], [-4, 4], [0, 0]])
def test_a_size_that_is_not_the_outputs_is_refused(size: list[int]) -> None:
    model = one_operator("RESIZE_BILINEAR", [tensor((1, 2, 2, 3)), constant(size, "int32")], tensor((1, 4, 4, 3)))
    with pytest.raises(ModelError, match="contradict an output of shape"):
        load_program(model)


def test_an_image_whose_positions_overflow_is_refused() -> None:
    columns = 2**20
    with pytest.raises(UnsupportedModelError, match=f"a width of {columns} overflows"):
        load_program(resize("int8", (1, 1, columns, 1), (1, 1), False, False))
