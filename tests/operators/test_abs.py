from __future__ import annotations

from tests.operators.lookup import Quantisation, assert_every_value
from tests.support.tflm import Tflm


def test_abs_requantises(tflm: Tflm) -> None:
    assert_every_value("ABS", Quantisation(0.5, 0.3, -17, -128), tflm)


def test_abs_of_equal_scales_moves_the_zero_point_alone(tflm: Tflm) -> None:
    assert_every_value("ABS", Quantisation(2.0**60, 2.0**60, 5, -100), tflm)
