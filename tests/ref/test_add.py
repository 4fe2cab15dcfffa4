from __future__ import annotations

import numpy as np
from hypothesis import given

from ember_infer_core import ElementwiseAddParams
from ember_infer_core.fixed_point import multiply_by_quantized_multiplier, wrap_int32
from ember_infer_ref import RefBackend
from tests.ref.cases import Int8Array, add_calls, result_of


def total(params: ElementwiseAddParams) -> Int8Array:
    """After TFLM's ``AddFunc``."""
    scaled1 = multiply_by_quantized_multiplier(
        (params.input1.astype(np.int64) + params.input1_offset) * 2**params.left_shift,
        params.input1_multiplier,
        params.input1_shift,
    )
    scaled2 = multiply_by_quantized_multiplier(
        (params.input2.astype(np.int64) + params.input2_offset) * 2**params.left_shift,
        params.input2_multiplier,
        params.input2_shift,
    )
    raw = multiply_by_quantized_multiplier(
        wrap_int32(np.asarray(scaled1 + scaled2)), params.output_multiplier, params.output_shift
    )
    clamped = np.clip(raw + params.output_offset, params.activation_min, params.activation_max)
    return np.asarray(clamped, np.int8)


@given(params=add_calls())
def test_it_is_the_definition_broadcast_as_numpy_does(params: ElementwiseAddParams) -> None:
    expected = total(params)
    assert expected.shape == params.output_shape
    np.testing.assert_array_equal(result_of(RefBackend().add, params), expected)


@given(params=add_calls())
def test_all_pairs_by_table_and_by_formula(params: ElementwiseAddParams) -> None:
    values = np.arange(-128, 128).astype(np.int8)
    params.input1, params.input2 = values.reshape(256, 1), values
    params.input1_shape, params.input2_shape, params.output_shape = (256, 1), (256,), (256, 256)
    params.output = np.empty((256, 256), np.int8)
    expected = total(params)
    np.testing.assert_array_equal(result_of(RefBackend().add, params), expected)
    np.testing.assert_array_equal(result_of(RefBackend().add, params, runs=2), expected)
