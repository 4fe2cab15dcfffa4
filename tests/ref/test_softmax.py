from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import SoftmaxParams
from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.ops.softmax import plain_softmax
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_core.fixed_point import get_reciprocal
from ember_infer_ref import RefBackend
from ember_infer_ref.softmax import get_reciprocals
from tests.ref.cases import result_of


@given(params=calls_of("softmax"))
def test_it_is_the_definition(params: SoftmaxParams) -> None:
    expected = expected_of("softmax", params)
    assert expected.met_by({"output": result_of(RefBackend().softmax, params)})
    assert expected.met_by({"output": result_of(RefBackend().softmax, params, runs=2)})


@given(st.lists(st.one_of(st.integers(1, 2**31 - 1), st.integers(2**19, 2**28)), min_size=1))
def test_reciprocals_of_an_array_are_those_of_its_elements(totals: list[int]) -> None:
    scales, bits = get_reciprocals(np.array(totals), 12)
    assert list(zip(scales.tolist(), bits.tolist(), strict=True)) == [get_reciprocal(total, 12) for total in totals]


@pytest.mark.parametrize(
    ("classes", "expected"),
    # Round half up of 256 / classes, up to 511 classes; from 512 on TFLM stops the program.
    [(1, 127), (2, 0), (3, -43), (7, -91), (256, -127), (511, -127), (512, -128), (4095, -128), (4096, -128)],
)
def test_equal_logits_share_the_probability(classes: int, expected: int) -> None:
    assert set(
        result_of(RefBackend().softmax, plain_softmax(np.zeros((2, classes), np.int8), 0.1)).ravel().tolist()
    ) == {expected}
