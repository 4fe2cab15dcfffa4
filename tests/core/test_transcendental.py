"""Fixed-point functions against the real ones; that they equal TFLM's bit for bit is tested on whole models."""

from __future__ import annotations

import numpy as np

from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.transcendental import inverse_square_root, logistic, tanh

OPERANDS: Int64Array = np.linspace(-(2**31) + 1, 2**31 - 1, 4001).astype(np.int64)  # Q4.27: -16 to 16


def test_the_logistic_function_is_close_to_the_real_one() -> None:
    real = 1 / (1 + np.exp(-OPERANDS / 2**27))
    assert np.abs(logistic(OPERANDS) / 2**31 - real).max() < 2**-23
    assert logistic(0) == 2**30


def test_the_hyperbolic_tangent_is_close_to_the_real_one_and_odd() -> None:
    assert np.abs(tanh(OPERANDS) / 2**31 - np.tanh(OPERANDS / 2**27)).max() < 2**-22
    assert (tanh(-OPERANDS) == -tanh(OPERANDS)).all()
    assert tanh(0) == 0


def test_the_inverse_square_root_is_close_to_the_real_one_over_all_int32() -> None:
    powers = 2 ** np.arange(1, 31)
    values = np.unique(np.concatenate([powers, powers - 1, powers + 1, np.arange(2, 70_000), [2**31 - 1]]))[1:]
    multiplier, shift = inverse_square_root(values)
    assert (multiplier > 0).all()
    assert (multiplier < 2**31).all()
    real = multiplier.astype(np.float64) * 2.0 ** (shift - 31)
    assert np.abs(real * np.sqrt(values) - 1).max() < 2**-19


def test_the_inverse_square_root_of_0_and_1_is_the_largest_multiplier() -> None:
    multiplier, shift = inverse_square_root(np.array([0, 1]))
    assert multiplier.tolist() == [2**31 - 1] * 2
    assert shift.tolist() == [0, 0]
