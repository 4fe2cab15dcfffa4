from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import Conv2dParams
from ember_infer_core.conformance.arithmetic import clamped
from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.ops.conv2d import plain_conv2d
from ember_infer_core.conformance.ops.sums import requantized
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_ref import RefBackend
from ember_infer_ref.dense import row_blocks
from ember_infer_ref.requantize import ROUNDINGS, Rounding
from tests.ref.cases import result_of


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(params=calls_of("conv2d"))
def test_it_is_the_definition(params: Conv2dParams, rounding: Rounding) -> None:
    expected = defined("conv2d", params, rounding)
    method = RefBackend(rounding).conv2d
    np.testing.assert_array_equal(result_of(method, params), expected)
    np.testing.assert_array_equal(result_of(method, params, runs=2), expected)


@given(params=calls_of("conv2d"))
def test_padding_is_the_input_s_zero_point(params: Conv2dParams) -> None:
    params.input[...] = -params.input_offset
    expected = clamped(params, requantized(params, np.zeros(params.output_shape, np.int64)))
    np.testing.assert_array_equal(result_of(RefBackend().conv2d, params, runs=1), expected)


def test_sums_that_float32_cannot_hold_are_exact() -> None:
    inputs = np.full((1, 1, 1, 2000), -128, np.int8)
    inputs[..., 0] = 1
    weights = np.full((2, 1, 1, 2000), 127, np.int8)
    weights[1] = -weights[1]
    total = 127 - 1999 * 127 * 128
    assert int(np.float32(total)) != total
    params = plain_conv2d(inputs, weights, bias=[5 - total, 7 + total], scale=1.0)
    np.testing.assert_array_equal(result_of(RefBackend().conv2d, params, runs=1).ravel(), [5, 7])


def test_accumulators_wrap_in_int32() -> None:
    inputs, weights = np.full((1, 1, 1, 1), 100, np.int8), np.full((2, 1, 1, 1), 100, np.int8)
    params = plain_conv2d(inputs, weights, bias=[2**31 - 1, 2**31 - 10_001], scale=2.0**-25)
    # 2**31 - 1 + 10,000 becomes -2**31 + 9,999; the second stays below the edge.
    np.testing.assert_array_equal(result_of(RefBackend().conv2d, params, runs=1).ravel(), [-64, 64])


def test_the_dialects_differ_where_they_should() -> None:
    weights = np.ones((1, 1, 1, 1), np.int8)
    inputs = np.array([3, -3, 5, -5], np.int8).reshape(1, 4, 1, 1)
    params = plain_conv2d(inputs, weights, scale=0.5)
    results = {rounding: result_of(RefBackend(rounding).conv2d, params).ravel().tolist() for rounding in ROUNDINGS}
    assert results == {
        "double": [2, -1, 3, -2],  # one half away from the first rounding's up: 0.5 * 2**31 has shift 0
        "single": [2, -1, 3, -2],
        "float": [2, -2, 2, -2],
    }
    params = plain_conv2d(inputs, weights, scale=0.25)
    params.input[...] = np.array([1, 2, -2, -6], np.int8).reshape(1, 4, 1, 1)
    results = {rounding: result_of(RefBackend(rounding).conv2d, params).ravel().tolist() for rounding in ROUNDINGS}
    assert results == {"double": [1, 1, -1, -2], "single": [0, 1, 0, -1], "float": [0, 0, 0, -2]}


@pytest.mark.parametrize("channels", [1, 3, 4, 5, 16])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_narrow_and_wide_inputs_take_different_ways_to_the_same_sums(channels: int, stride: int) -> None:
    random = np.random.default_rng(channels)
    inputs = random.integers(-128, 128, (2, 11, 9, channels), np.int8)
    weights = random.integers(-128, 128, (6, 5, 4, channels), np.int8)
    params = plain_conv2d(
        inputs, weights, bias=[0, 5, -900, 70_000, 1, 2], scale=1e-3, stride_h=stride, stride_w=stride
    )
    expected = defined("conv2d", params)
    np.testing.assert_array_equal(result_of(RefBackend().conv2d, params, runs=1), expected)


def test_an_image_of_many_tiles_is_exact() -> None:
    random = np.random.default_rng(3)
    inputs = random.integers(-128, 128, (1, 70, 60, 3), np.int8)
    weights = random.integers(-128, 128, (9, 3, 3, 3), np.int8)
    params = plain_conv2d(inputs, weights, scale=1e-3)
    expected = defined("conv2d", params)
    np.testing.assert_array_equal(result_of(RefBackend().conv2d, params, runs=1), expected)


@given(st.integers(1, 5000), st.integers(1, 300_000))
def test_row_blocks_cover_all_rows_once(rows: int, size: int) -> None:
    blocks = row_blocks(rows, np.empty(size, np.int8))
    assert [row for block in blocks for row in range(rows)[block]] == list(range(rows))
    lengths = [block.stop - block.start for block in blocks]
    assert len(blocks) == 1 or max(lengths) <= max(48, 900_000 // size)
