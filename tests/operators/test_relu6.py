from __future__ import annotations

import pytest

from tests.operators.lookup import Quantisation, assert_every_value, every_value, model
from tests.support.against_tflm import REFUSED_BY_US_ALONE, compare_with_tflm
from tests.support.tflm import Tflm


@pytest.mark.parametrize("scale", [0.01, 6 / 255, 0.046875, 0.5, 12.0, 12.1])
def test_relu6_clamps_in_the_quantisation_of_the_input(scale: float, tflm: Tflm) -> None:
    assert_every_value("RELU6", Quantisation(scale, 3.0, -100, 55), tflm)


def test_relu6_whose_six_is_no_int32_is_refused(tflm: Tflm) -> None:
    tiny = model("RELU6", Quantisation(1e-9, 1e-9, 0, 0))
    went = compare_with_tflm(tiny, every_value(), tflm, only_we_refuse=["6 overflows int32 at the input's scale 1e-09"])
    assert went == REFUSED_BY_US_ALONE
