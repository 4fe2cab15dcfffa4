"""Real scales become the fixed-point values that TFLM makes of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import UnsupportedActivation
from ember_infer_core.quantization import (
    QuantParam,
    calculate_activation_range_quantized,
    calculate_input_radius,
    dequantize,
    preprocess_softmax_scaling,
    quantize,
    quantize_multiplier,
    quantize_multiplier_greater_than_one,
    quantize_multiplier_smaller_than_one_exp,
)

scales = st.floats(2.0**-30, 2.0**30, allow_nan=False)


@given(scales)
def test_a_multiplier_is_its_real_value_to_31_bits(real: float) -> None:
    q, shift = quantize_multiplier(real)
    assert 2**30 <= q < 2**31
    error = abs(Fraction(q) * Fraction(2) ** (shift - 31) - Fraction(real))
    assert error <= Fraction(real) / 2**31


def test_a_mantissa_that_rounds_up_to_one_is_renormalised() -> None:
    assert quantize_multiplier(1.0 - 2.0**-40) == (2**30, 1)


def test_a_multiplier_below_the_last_shift_is_flushed_to_zero() -> None:
    assert quantize_multiplier(2.0**-32) == (2**30, -31)
    assert quantize_multiplier(2.0**-33) == (0, 0)
    assert quantize_multiplier(0.0) == (0, 0)


@pytest.mark.parametrize("real", [0.0, 1.0, 1.5, 1.0 - 2.0**-53])
def test_what_tflm_stops_at_for_small_multipliers_is_a_value_error(real: float) -> None:
    with pytest.raises(ValueError, match="multiplier"):
        quantize_multiplier_smaller_than_one_exp(real)


def test_what_tflm_stops_at_for_large_multipliers_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="not greater than 1"):
        quantize_multiplier_greater_than_one(1.0)


def test_clamps_of_the_activations() -> None:
    output = QuantParam(0.05, -10)
    ranges = {
        FusedActivation.NONE: (-128, 127),
        FusedActivation.RELU: (-10, 127),
        FusedActivation.RELU6: (-10, 110),
        FusedActivation.RELU_N1_TO_1: (-30, 10),
    }
    for activation, expected in ranges.items():
        assert calculate_activation_range_quantized(activation, output) == expected


@pytest.mark.parametrize("activation", [FusedActivation.TANH, FusedActivation.SIGN_BIT, FusedActivation.SIGMOID])
def test_an_activation_that_is_no_clamp_has_no_range(activation: FusedActivation) -> None:
    with pytest.raises(UnsupportedActivation, match=activation.name):
        calculate_activation_range_quantized(activation, QuantParam(0.1, 0))


def test_a_bound_that_overflows_int32_is_refused_as_tflm_refuses_it() -> None:
    with pytest.raises(ValueError, match="overflows"):
        calculate_activation_range_quantized(FusedActivation.RELU6, QuantParam(1e-12, 0))


def test_softmax_scaling_is_capped() -> None:
    assert preprocess_softmax_scaling(1.0, 1e9)[1] == 31
    assert calculate_input_radius(5, 23) == 248


@given(st.floats(-1e6, 1e6, width=32), st.floats(2.0**-10, 8, width=32), st.integers(-128, 127))
def test_quantising_picks_the_nearest_step_and_saturates(real: float, scale: float, zero_point: int) -> None:
    q = int(quantize(real, QuantParam(scale, zero_point)))
    ideal = real / scale + zero_point
    if -128 <= ideal <= 127:
        assert abs(q - ideal) <= 0.5 + 1e-3
    else:
        assert q == (-128 if ideal < 0 else 127)


def test_quantising_rounds_half_away_from_zero() -> None:
    assert quantize([0.5, -0.5, 1.5, -1.5], QuantParam(1.0, 0)).tolist() == [1, -1, 2, -2]


def test_quantising_keeps_the_shape_and_refuses_nan() -> None:
    assert quantize(np.zeros((2, 3)), QuantParam(1.0, 0)).shape == (2, 3)
    assert quantize([np.inf, -np.inf], QuantParam(1e-3, 5)).tolist() == [127, -128]
    with pytest.raises(ValueError, match="NaN"):
        quantize([1.0, np.nan], QuantParam(1.0, 0))


@given(st.integers(-128, 127), st.floats(2.0**-10, 8, width=32), st.integers(-128, 127))
def test_dequantising_and_quantising_again_is_the_identity(q: int, scale: float, zero_point: int) -> None:
    quant = QuantParam(scale, zero_point)
    real = dequantize(np.array([q], np.int8), quant)
    assert real.dtype == np.float32
    assert quantize(real, quant).tolist() == [q]
