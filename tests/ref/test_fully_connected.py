from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from ember_infer_core import FullyConnectedParams
from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.ops.fully_connected import plain_fully_connected
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_ref import RefBackend
from ember_infer_ref.requantize import ROUNDINGS, Rounding
from tests.ref.cases import result_of


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(params=calls_of("fully_connected"))
def test_it_is_the_definition(params: FullyConnectedParams, rounding: Rounding) -> None:
    expected = defined("fully_connected", params, rounding)
    method = RefBackend(rounding).fully_connected
    np.testing.assert_array_equal(result_of(method, params), expected)
    np.testing.assert_array_equal(result_of(method, params, runs=2), expected)


@given(params=calls_of("fully_connected"))
def test_ranks_other_than_two_are_rows_all_the_same(params: FullyConnectedParams) -> None:
    expected = result_of(RefBackend().fully_connected, params)
    params.input_shape = (1, *params.input_shape, 1)
    params.input = params.input.reshape(params.input_shape)
    params.output_shape = (*params.output_shape, 1)
    params.output = params.output.reshape(params.output_shape)
    result = result_of(RefBackend().fully_connected, params, runs=1)
    np.testing.assert_array_equal(result[..., 0], expected)


def test_a_large_batch_in_blocks_of_rows_is_exact() -> None:
    random = np.random.default_rng(11)
    inputs, weights = random.integers(-128, 128, (701, 90), np.int8), random.integers(-128, 128, (70, 90), np.int8)
    params = plain_fully_connected(inputs, weights, scale=1e-4, input_offset=128, output_offset=5)
    expected = defined("fully_connected", params)
    np.testing.assert_array_equal(result_of(RefBackend().fully_connected, params, runs=1), expected)
