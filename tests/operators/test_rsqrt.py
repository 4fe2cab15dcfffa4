from __future__ import annotations

import numpy as np
import pytest

from ember_infer_core import KernelError
from ember_infer_ref import RefBackend
from tests.operators.lookup import Quantisation, every_value, model, natural
from tests.support.against_tflm import (
    REFUSED_BY_BOTH,
    REFUSED_BY_US_ALONE,
    compare_with_tflm,
    run_on,
)
from tests.support.backends import native_calls
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm


def test_values_from_the_zero_point_up_equal_tflm(tflm: Tflm) -> None:
    def compare(quantisation: Quantisation) -> str:
        defined = np.arange(-128, 128).clip(quantisation.input_zero_point).astype(np.int8)
        return compare_with_tflm(model("RSQRT", quantisation), [[defined]], tflm)

    compare_drawn(natural(), compare, ordinary=100, wanted_share=1.0)


@pytest.mark.parametrize("zero_point", [-127, 0, 127])
def test_a_value_below_the_zero_point_is_an_error_in_tflm_too(zero_point: int, tflm: Tflm) -> None:
    quantisation = Quantisation(0.01, 0.1, zero_point, -128)
    assert compare_with_tflm(model("RSQRT", quantisation), every_value(), tflm) == REFUSED_BY_BOTH
    for backend in (RefBackend(), native_calls()):
        with pytest.raises(KernelError, match=f"not defined below {zero_point}"):
            run_on([backend], model("RSQRT", quantisation), every_value())


def test_scales_that_shift_by_what_c_does_not_define_are_refused(tflm: Tflm) -> None:
    for scales in ((1e4, 1e5), (1e-30, 1e-30)):
        odd = model("RSQRT", Quantisation(*scales, -128, 0))
        assert compare_with_tflm(odd, every_value(), tflm, only_we_refuse=["ask for a shift by"]) == REFUSED_BY_US_ALONE
