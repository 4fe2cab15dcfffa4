from __future__ import annotations

from tests.support.pair_models import check_pairs, pair_models
from tests.support.tflm import Tflm

TYPES = ("int8",)


def test_it_equals_tflm(tflm: Tflm) -> None:
    check_pairs(tflm, pair_models("ADD", TYPES, activated=True))
