from __future__ import annotations

import pytest

from tests.operators.lookup import Quantisation, assert_every_value, every_value, model
from tests.support.against_tflm import REFUSED_BY_BOTH, compare_with_tflm
from tests.support.tflm import Tflm


@pytest.mark.parametrize("right_shift", [14, 15, 16, 17, 30, 31, 32])
def test_right_shifts_of_16_bits_and_more_go_through_a_mask_of_16_bits(right_shift: int, tflm: Tflm) -> None:
    by_output = Quantisation(0.1, 0.1 / 128 * 2**right_shift, -5, 7)
    by_input = Quantisation(2.0 ** (-6 - right_shift), 2.0 ** (-8 - right_shift), -5, 7)
    for quantisation in (by_output, by_input):
        assert_every_value("HARD_SWISH", quantisation, tflm)


@pytest.mark.parametrize("scale", [0.005, 0.0117, 0.0118, 0.1, 1.0, 300.0, 2.0**20])
def test_hard_swish_saturates_where_tflm_does(scale: float, tflm: Tflm) -> None:
    assert_every_value("HARD_SWISH", Quantisation(scale, scale / 2, 11, -120), tflm)


def test_an_output_128_times_as_fine_as_the_input_is_refused_as_tflm_does(tflm: Tflm) -> None:
    assert_every_value("HARD_SWISH", Quantisation(0.5, 0.00390626, 0, 0), tflm)
    too_fine = model("HARD_SWISH", Quantisation(0.5, 0.00390625, 0, 0))
    assert compare_with_tflm(too_fine, every_value(), tflm) == REFUSED_BY_BOTH
