from __future__ import annotations

import pytest

from tests.operators.lookup import Quantisation, assert_every_value
from tests.support.tflm import Tflm


@pytest.mark.parametrize("scale", [2**-28, 0.001, 0.0625, 15 / 127, 16.0])
def test_tanh_equals_tflm_up_to_the_radius_of_its_input(scale: float, tflm: Tflm) -> None:
    assert_every_value("TANH", Quantisation(scale, 1 / 128, -60, 0), tflm)


def test_the_quantisation_of_the_output_is_ignored(tflm: Tflm) -> None:
    assert_every_value("TANH", Quantisation(0.05, 0.4, 3, 19), tflm)
