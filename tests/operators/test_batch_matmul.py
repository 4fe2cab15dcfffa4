"""BATCH_MATMUL against TFLM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_macros import load_program
from tests.operators import products
from tests.operators.products import Shape, check
from tests.support.against_tflm import assert_equals_tflm, compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Shape, Shape]:
    """Two stacks of up to three axes that broadcast."""
    full = draw(st.lists(st.integers(1, 4), max_size=3))

    def part() -> Shape:
        one_in_three = st.sampled_from((True, True, False))
        return tuple(size if draw(one_in_three) else 1 for size in full)[draw(st.integers(0, len(full))) :]

    return part(), part()


@st.composite
def models(draw: st.DrawFn) -> bytes:
    rows, depth, columns = draw(products.several_sizes(3))
    lhs_stack, rhs_stack = draw(stacks())
    adj_x, adj_y, extreme = draw(st.booleans()), draw(st.booleans()), draw(st.integers(1, 6)) == 1
    lhs = draw(products.activation((*lhs_stack, *((depth, rows) if adj_x else (rows, depth))), extreme))
    rhs = draw(products.activation((*rhs_stack, *((columns, depth) if adj_y else (depth, columns))), extreme))
    shape = (*np.broadcast_shapes(lhs_stack, rhs_stack), rows, columns)
    output = draw(products.output(shape, lhs.scales[0], rhs.scales[0], depth, extreme))
    which = draw(st.sampled_from(("neither", "neither", "left", "right", "same")))
    if which == "left":
        lhs = fixed(lhs, draw(products.seeds))
    if which == "right":
        rhs = fixed(rhs, draw(products.seeds))
    if which == "same" and rows == columns and lhs.shape == rhs.shape and adj_x != adj_y:
        rhs = lhs
    return one_operator("BATCH_MATMUL", [lhs, rhs], output, adj_x=adj_x, adj_y=adj_y)


def fixed(like: Tensor, seed: int) -> Tensor:
    """A constant in the place of an input."""
    data = np.random.default_rng(seed).integers(-128, 128, like.shape, np.int8)
    return constant(data, "int8", like.scales, like.zero_points)


def test_any_stacks_of_matrices_equal_tflm(tflm: Tflm) -> None:
    check(tflm, models())


@st.composite
def float_models(draw: st.DrawFn) -> bytes:
    rows, depth, columns = draw(products.several_sizes(3))
    lhs_stack, rhs_stack = draw(stacks())
    adj_x, adj_y = draw(st.booleans()), draw(st.booleans())
    lhs = tensor((*lhs_stack, *((depth, rows) if adj_x else (rows, depth))), "float32")
    rhs = tensor((*rhs_stack, *((columns, depth) if adj_y else (depth, columns))), "float32")
    output = tensor((*np.broadcast_shapes(lhs_stack, rhs_stack), rows, columns), "float32")
    return one_operator("BATCH_MATMUL", [lhs, rhs], output, adj_x=adj_x, adj_y=adj_y)


def test_float32_equals_tflm_bit_by_bit(tflm: Tflm) -> None:
    check(tflm, float_models())


@pytest.mark.parametrize("depth", [258, 259, 1024, 3000])
@pytest.mark.parametrize("zero_point", [-128, 127])
def test_long_sums_of_the_largest_products_equal_tflm(depth: int, zero_point: int, tflm: Tflm) -> None:
    lhs, rhs = tensor((4, depth), "int8", 0.25, zero_point), tensor((5, depth), "int8", 0.25, zero_point)
    model = one_operator("BATCH_MATMUL", [lhs, rhs], tensor((4, 5), "int8", 0.25 * depth, -5), adj_y=True)
    assert_equals_tflm(model, random_batches(model), tflm)


@pytest.mark.parametrize(
    ("lhs", "rhs", "reason"),
    [
        ((3,), (3, 2), r"shape \[3\] has a rank below 2 or above 5; TensorFlow Lite Micro refuses this too"),
        ((1, 1, 1, 1, 2, 3), (3, 2), r"shape \[1, 1, 1, 1, 2, 3\] has a rank below 2 or above 5"),
        ((2, 3), (4, 2), "depth 3 on the left and 4 on the right"),
        ((2, 2, 3), (3, 3, 2), r"stacks of shapes \[2\] and \[3\] do not broadcast"),
    ],
)
def test_shapes_without_a_product_are_refused(lhs: Shape, rhs: Shape, reason: str, tflm: Tflm) -> None:
    model = one_operator("BATCH_MATMUL", [tensor(lhs), tensor(rhs)], tensor((2, 2)))
    with pytest.raises((ModelError, UnsupportedModelError), match=reason):
        load_program(model)
    assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"


def test_an_output_of_another_size_is_refused() -> None:
    model = one_operator("BATCH_MATMUL", [tensor((2, 3)), tensor((3, 2))], tensor((2, 3)))
    with pytest.raises(ModelError, match=r"products have shape \[2, 2\], the output \[2, 3\]"):
        load_program(model)


def test_an_output_whose_shape_tflm_would_change_is_refused() -> None:
    model = one_operator("BATCH_MATMUL", [tensor((2, 3)), tensor((3, 2))], tensor((1, 2, 2)))
    with pytest.raises(UnsupportedModelError, match="changes the output's shape"):
        load_program(model)
