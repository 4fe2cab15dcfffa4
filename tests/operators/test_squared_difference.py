from __future__ import annotations

from tests.operators.pairs import check_pairs, pair_models
from tests.support.tflm import Tflm

TYPES = ("int8", "int8", "float32", "int32")


def test_it_equals_tflm(tflm: Tflm) -> None:
    models = pair_models("SQUARED_DIFFERENCE", TYPES, natural=lambda scale1, scale2: 64 * max(scale1, scale2) ** 2)
    check_pairs(tflm, models)
