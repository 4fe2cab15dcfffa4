from __future__ import annotations

import pytest

from tests.operators.lookup import Quantisation, assert_every_value, every_value, model
from tests.support.against_tflm import REFUSED_BY_BOTH, REFUSED_BY_US_ALONE, compare_with_tflm
from tests.support.tflm import Tflm


@pytest.mark.parametrize("scale", [2**-28, 0.001, 0.0625, 0.25, 15 / 127, 15.0, 16.0, 2**20])
def test_logistic_equals_tflm_up_to_the_radius_of_its_input(scale: float, tflm: Tflm) -> None:
    assert_every_value("LOGISTIC", Quantisation(scale, 1 / 256, 3, -128), tflm)


def test_the_scale_of_the_output_is_ignored(tflm: Tflm) -> None:
    assert_every_value("LOGISTIC", Quantisation(0.05, 0.3, 3, -128), tflm)


def test_another_zero_point_of_the_output_is_refused_as_tflm_does(tflm: Tflm) -> None:
    other = model("LOGISTIC", Quantisation(0.05, 1 / 256, 0, -127))
    assert compare_with_tflm(other, every_value(), tflm) == REFUSED_BY_BOTH


@pytest.mark.parametrize("scale", [2**-29, 2.0**36])
def test_scales_that_shift_by_what_c_does_not_define_are_refused(scale: float, tflm: Tflm) -> None:
    other = model("LOGISTIC", Quantisation(scale, 1 / 256, 0, -128))
    went = compare_with_tflm(other, every_value(), tflm, only_we_refuse=["computes then is undefined"])
    assert went == REFUSED_BY_US_ALONE
