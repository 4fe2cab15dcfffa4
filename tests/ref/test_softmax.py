from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import QuantParam, SoftmaxParams
from ember_infer_core.fixed_point import (
    exp_on_negative_values,
    get_reciprocal,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from ember_infer_core.quantization import calculate_input_radius, preprocess_softmax_scaling
from ember_infer_ref import RefBackend
from ember_infer_ref.softmax import get_reciprocals
from tests.ref.cases import Int8Array, result_of, softmax_calls


def probabilities(params: SoftmaxParams) -> Int8Array:
    """Element by element, after TFLM's ``reference_ops::Softmax``."""
    expected = np.empty(params.output_shape, np.int8)
    for row, output in zip(
        params.input.reshape(-1, params.input_shape[-1]), expected.reshape(-1, params.input_shape[-1]), strict=True
    ):
        differences = row.astype(np.int64) - int(row.max())
        shifted = wrap_int32(differences << params.input_left_shift)
        exponentials = exp_on_negative_values(saturating_rounding_doubling_high_mul(shifted, params.input_multiplier))
        counts = differences >= params.diff_min
        total = int(rounding_divide_by_pot(exponentials, 12)[counts].sum())
        scale, bits = get_reciprocal(total, 12)
        raw = rounding_divide_by_pot(saturating_rounding_doubling_high_mul(scale, exponentials), bits + 31 - 8)
        output[...] = np.where(counts, np.minimum(raw - 128, 127), -128)
    return expected


@given(params=softmax_calls())
def test_it_is_the_definition(params: SoftmaxParams) -> None:
    expected = probabilities(params)
    np.testing.assert_array_equal(result_of(RefBackend().softmax, params), expected)
    np.testing.assert_array_equal(result_of(RefBackend().softmax, params, runs=2), expected)


@given(st.lists(st.one_of(st.integers(1, 2**31 - 1), st.integers(2**19, 2**28)), min_size=1))
def test_reciprocals_of_an_array_are_those_of_its_elements(totals: list[int]) -> None:
    scales, bits = get_reciprocals(np.array(totals), 12)
    assert list(zip(scales.tolist(), bits.tolist(), strict=True)) == [get_reciprocal(total, 12) for total in totals]


def equal_logits(classes: int) -> SoftmaxParams:
    multiplier, left_shift = preprocess_softmax_scaling(1.0, 0.1)
    return SoftmaxParams(
        input_shape=(2, classes),
        output_shape=(2, classes),
        beta=1.0,
        input_quant=QuantParam(0.1, 0),
        output_quant=QuantParam(1 / 256, -128),
        input_multiplier=multiplier,
        input_left_shift=left_shift,
        diff_min=-calculate_input_radius(5, left_shift),
        input=np.zeros((2, classes), np.int8),
        output=np.empty((2, classes), np.int8),
    )


@pytest.mark.parametrize(
    ("classes", "expected"),
    # Round half up of 256 / classes, up to 511 classes; from 512 on TFLM stops the program.
    [(1, 127), (2, 0), (3, -43), (7, -91), (256, -127), (511, -127), (512, -128), (4095, -128), (4096, -128)],
)
def test_equal_logits_share_the_probability(classes: int, expected: int) -> None:
    assert set(result_of(RefBackend().softmax, equal_logits(classes)).ravel().tolist()) == {expected}
