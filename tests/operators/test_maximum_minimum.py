from __future__ import annotations

import pytest

from tests.operators.pairs import check_pairs, pair_models
from tests.support.tflm import Tflm

TYPES = ("int8", "int16", "float32", "int32")


@pytest.mark.parametrize("operator", ["MAXIMUM", "MINIMUM"])
def test_it_equals_tflm(operator: str, tflm: Tflm) -> None:
    check_pairs(tflm, pair_models(operator, TYPES))
