from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.operators.pairs import check_pairs, pair_models
from tests.operators.typed import shapes
from tests.support.against_tflm import compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm


@pytest.mark.parametrize("operator", ["LOGICAL_AND", "LOGICAL_OR"])
def test_of_two_it_equals_tflm(operator: str, tflm: Tflm) -> None:
    check_pairs(tflm, pair_models(operator, ("bool",)))


def test_logical_not_equals_tflm(tflm: Tflm) -> None:
    def compare(case: tuple[tuple[int, ...], int]) -> str:
        shape, seed = case
        model = one_operator("LOGICAL_NOT", [tensor(shape, "bool")], tensor(shape, "bool"))
        return compare_with_tflm(model, random_batches(model, seed), tflm)

    compare_drawn(st.tuples(shapes, st.integers(0, 2**32 - 1)), compare, ordinary=100, wanted_share=1.0)
