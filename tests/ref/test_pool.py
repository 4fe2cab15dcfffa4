from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import PoolParams
from ember_infer_core.conformance.definition import defined
from ember_infer_core.conformance.ops.pool import plain_pool
from ember_infer_core.conformance.strategies import calls_of
from ember_infer_core.slots import Int8Array
from ember_infer_ref import RefBackend
from tests.ref.cases import result_of


def rounded_half_away_from_zero(value: Fraction) -> int:
    magnitude = int(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


@pytest.mark.parametrize("operator", ["avg_pool", "max_pool"])
@given(params=calls_of("avg_pool"))
def test_it_is_the_definition(params: PoolParams, operator: str) -> None:
    expected, method = defined(operator, params), getattr(RefBackend(), operator)
    np.testing.assert_array_equal(result_of(method, params), expected)
    np.testing.assert_array_equal(result_of(method, params, runs=2), expected)


@given(st.integers(1, 300), st.data())
def test_ties_of_any_count_are_exact(count: int, data: st.DataObject) -> None:
    """Sums right at and next to a tie, spread over a window of so many pixels."""
    twice_mean = data.draw(st.integers(-255, 253))
    total = twice_mean * count // 2 + data.draw(st.integers(-1, 1))
    total = max(-128 * count, min(127 * count, total))
    low, more = divmod(total, count)
    pixels = np.full(count, low, np.int8)
    pixels[:more] += 1
    assert int(pixels.astype(np.int64).sum()) == total
    params = pooling_of(pixels.reshape(1, 1, count, 1))
    expected = rounded_half_away_from_zero(Fraction(total, count))
    assert result_of(RefBackend().avg_pool, params).item() == expected


def pooling_of(image: Int8Array) -> PoolParams:
    """One window over the whole image."""
    _, height, width, _ = image.shape
    return plain_pool(image, (height, width))


def test_a_window_over_a_large_image_is_exact() -> None:
    image = np.full((1, 300, 300, 2), -128, np.int8)
    image[..., 1] = 127
    assert result_of(RefBackend().avg_pool, pooling_of(image)).ravel().tolist() == [-128, 127]
    assert result_of(RefBackend().max_pool, pooling_of(image)).ravel().tolist() == [-128, 127]
