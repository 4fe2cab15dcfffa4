from __future__ import annotations

from tests.operators.lookup import Quantisation, assert_every_value
from tests.support.tflm import Tflm


def test_relu_requantises(tflm: Tflm) -> None:
    assert_every_value("RELU", Quantisation(0.5, 0.3, -17, 40), tflm)


def test_relu_of_a_range_above_zero_is_cut_at_the_zero_point_of_the_output(tflm: Tflm) -> None:
    assert_every_value("RELU", Quantisation(0.5, 0.25, 127, 126), tflm)
