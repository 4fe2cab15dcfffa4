from __future__ import annotations

import pytest

from tests.support.pair_models import check_pairs, pair_models
from tests.support.tflm import Tflm

TYPES = ("int8",)


@pytest.mark.parametrize("operator", ["MAXIMUM", "MINIMUM"])
def test_it_equals_tflm(operator: str, tflm: Tflm) -> None:
    check_pairs(tflm, pair_models(operator, TYPES))
