from __future__ import annotations

from tests.operators.pairs import check_pairs, pair_models
from tests.support.tflm import Tflm


def test_it_equals_tflm(tflm: Tflm) -> None:
    models = pair_models("PRELU", ("int8", "int8", "float32"), natural=lambda scale1, scale2: scale1 * (1 + scale2))
    check_pairs(tflm, models)
