from __future__ import annotations

import pytest

from tests.operators.lookup import Quantisation, assert_every_value, every_value, model
from tests.support.against_tflm import REFUSED_BY_US_ALONE, compare_with_tflm
from tests.support.tflm import Tflm


@pytest.mark.parametrize("alpha", [-0.0625, -0.03125, 0.0625])
def test_ties_of_negative_values_are_rounded_before_the_sign_of_alpha(alpha: float, tflm: Tflm) -> None:
    assert_every_value("LEAKY_RELU", Quantisation(0.25, 1.0, 127, -128), tflm, alpha=alpha)


@pytest.mark.parametrize("alpha", [float("nan"), float("inf")])
def test_an_alpha_that_is_no_number_is_refused(alpha: float, tflm: Tflm) -> None:
    odd = model("LEAKY_RELU", Quantisation(0.25, 1.0, 0, 0), alpha=alpha)
    assert compare_with_tflm(odd, every_value(), tflm, only_we_refuse=[f"alpha is {alpha}"]) == REFUSED_BY_US_ALONE
