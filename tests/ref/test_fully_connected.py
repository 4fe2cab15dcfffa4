from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from ember_infer_core import FullyConnectedParams
from ember_infer_ref import RefBackend
from ember_infer_ref.requantize import Rounding
from tests.ref.cases import ROUNDINGS, Int64Array, fully_connected_calls, requantized, result_of


def sums(params: FullyConnectedParams) -> Int64Array:
    rows = params.input.reshape(-1, params.weights_shape[1]).astype(np.int64) + params.input_offset
    return rows @ (params.weights.astype(np.int64) + params.weights_offset).T


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(params=fully_connected_calls())
def test_it_is_the_definition(params: FullyConnectedParams, rounding: Rounding) -> None:
    expected = requantized(params, sums(params), rounding)
    method = RefBackend(rounding).fully_connected
    np.testing.assert_array_equal(result_of(method, params), expected)
    np.testing.assert_array_equal(result_of(method, params, runs=2), expected)


@given(params=fully_connected_calls())
def test_ranks_other_than_two_are_rows_all_the_same(params: FullyConnectedParams) -> None:
    expected = result_of(RefBackend().fully_connected, params)
    params.input_shape = (1, *params.input_shape, 1)
    params.input = params.input.reshape(params.input_shape)
    params.output_shape = (*params.output_shape, 1)
    params.output = params.output.reshape(params.output_shape)
    result = result_of(RefBackend().fully_connected, params, runs=1)
    np.testing.assert_array_equal(result[..., 0], expected)
