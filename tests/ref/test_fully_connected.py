from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from ember_infer_core import FullyConnectedParams, PerChannelQuantParam, QuantParam
from ember_infer_core.quantization import quantize_multipliers
from ember_infer_ref import RefBackend
from ember_infer_ref.requantize import Rounding
from tests.ref.cases import ROUNDINGS, Int8Array, Int64Array, fully_connected_calls, requantized, result_of


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


def test_a_large_batch_in_blocks_of_rows_is_exact() -> None:
    random = np.random.default_rng(11)
    params = fully_connected(
        random.integers(-128, 128, (701, 90), np.int8), random.integers(-128, 128, (70, 90), np.int8)
    )
    expected = requantized(params, sums(params), "double")
    np.testing.assert_array_equal(result_of(RefBackend().fully_connected, params, runs=1), expected)


def fully_connected(inputs: Int8Array, weights: Int8Array) -> FullyConnectedParams:
    output_shape = len(inputs), len(weights)
    scales = (1e-4,) * len(weights)
    multiplier, shift = quantize_multipliers(scales)
    return FullyConnectedParams(
        input_shape=inputs.shape,
        weights_shape=(len(weights), weights.shape[1]),
        output_shape=output_shape,
        input_quant=QuantParam(1.0, -128),
        weights_quant=PerChannelQuantParam(scales, (0,) * len(weights), 0),
        output_quant=QuantParam(1.0, 5),
        input_offset=128,
        output_offset=5,
        output_multiplier=multiplier,
        output_shift=shift,
        activation_min=-128,
        activation_max=127,
        input=inputs,
        weights=weights,
        output=np.empty(output_shape, np.int8),
    )
