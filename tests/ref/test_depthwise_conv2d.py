from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import DepthwiseConv2dParams
from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_ref import RefBackend
from ember_infer_ref.channelwise import group_taps
from ember_infer_ref.requantize import ROUNDINGS, Rounding
from tests.ref.cases import result_of


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(params=calls_of("depthwise_conv2d"))
def test_it_is_the_definition(params: DepthwiseConv2dParams, rounding: Rounding) -> None:
    expected = defined("depthwise_conv2d", params, rounding)
    method = RefBackend(rounding).depthwise_conv2d
    np.testing.assert_array_equal(result_of(method, params), expected)
    np.testing.assert_array_equal(result_of(method, params, runs=2), expected)


@given(params=calls_of("depthwise_conv2d"))
def test_the_largest_products_of_one_sign_are_exact(params: DepthwiseConv2dParams) -> None:
    params.weights[...] = -128
    params.input[...] = -128
    expected = defined("depthwise_conv2d", params)
    np.testing.assert_array_equal(result_of(RefBackend().depthwise_conv2d, params, runs=1), expected)


@given(st.integers(1, 25), st.integers(1, 6), st.integers(0, 2**32 - 1), st.sampled_from([5, 40, 128]))
def test_sums_of_a_group_of_taps_fit_int16(count: int, channels: int, seed: int, largest: int) -> None:
    weights = np.random.default_rng(seed).integers(-largest, largest, (count, channels), np.int8)
    groups = group_taps(weights)
    assert sorted(tap for group in groups for tap in group) == list(range(count))
    for group in groups:
        for extreme in (-128, 127):
            products = weights[list(group)].astype(np.int64) * extreme
            assert np.where(products > 0, products, 0).sum(0).max() < 2**15
            assert np.where(products < 0, products, 0).sum(0).min() >= -(2**15)


def test_light_taps_share_a_group() -> None:
    assert len(group_taps(np.full((9, 4), 28, np.int8))) == 1
    assert len(group_taps(np.full((9, 4), 127, np.int8))) == 5
    assert len(group_taps(np.full((9, 4), -128, np.int8))) == 9
