from __future__ import annotations

import pytest

from tests.operators.pairs import check_pairs, pair_models
from tests.support.tflm import Tflm

ORDERS = ("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
EQUALITIES = ("EQUAL", "NOT_EQUAL")
TYPES = ("int8", "int8", "float32", "int32")


@pytest.mark.parametrize("operator", EQUALITIES + ORDERS)
def test_it_equals_tflm(operator: str, tflm: Tflm) -> None:
    types = (*TYPES, "bool") if operator in EQUALITIES else TYPES
    check_pairs(tflm, pair_models(operator, types, output_dtype="bool", limit=1.0))
