from __future__ import annotations

import pytest

from tests.operators.lookup import Quantisation, assert_every_value, every_value, model
from tests.support.against_tflm import REFUSED_BY_US_ALONE, compare_with_tflm
from tests.support.tflm import Tflm


@pytest.mark.parametrize("output_scale", [1 / 128, 2**-20, 2.0**-31, 0.7])
def test_elu_goes_by_way_of_float32(output_scale: float, tflm: Tflm) -> None:
    """With a fine output scale the last bits of the exponential come to light."""
    assert_every_value("ELU", Quantisation(2**-7, output_scale, 127, 127), tflm)


def test_an_elu_whose_results_are_no_int32_is_refused(tflm: Tflm) -> None:
    odd = model("ELU", Quantisation(1e10, 1e-10, 0, 0))
    assert compare_with_tflm(odd, every_value(), tflm, only_we_refuse=["overflow int32"]) == REFUSED_BY_US_ALONE
