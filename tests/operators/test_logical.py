from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.operators.pairs import check_pairs, pair_models
from tests.operators.typed import shapes
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.effort import thorough
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


@pytest.mark.parametrize("operator", ["LOGICAL_AND", "LOGICAL_OR"])
def test_of_two_it_equals_tflm(operator: str, tflm: Tflm) -> None:
    check_pairs(tflm, pair_models(operator, ("bool",)))


def test_logical_not_equals_tflm(tflm: Tflm) -> None:
    @thorough(100, 3000)
    @given(shape=shapes, seed=st.integers(0, 2**32 - 1))
    def check(shape: tuple[int, ...], seed: int) -> None:
        model = one_operator("LOGICAL_NOT", [tensor(shape, "bool")], tensor(shape, "bool"))
        assert_equals_tflm(model, random_batches(model, seed), tflm)

    check()
