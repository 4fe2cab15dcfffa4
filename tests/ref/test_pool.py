from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_core import Padding, PoolParams, QuantParam
from ember_infer_ref import RefBackend
from tests.ref.cases import Int8Array, pool_calls, result_of, taps


def windows(params: PoolParams) -> list[tuple[int, int, Int8Array]]:
    """For each output's row and column, the pixels of its window that lie in the image, ``(pixels, N, C)``."""
    kernel = params.filter_height, params.filter_width
    return [
        (y, x, np.stack([params.input[:, row, column] for _, _, row, column in taps(params, kernel, y, x)]))
        for y, x in np.ndindex(*params.output_shape[1:3])
    ]


def rounded_half_away_from_zero(value: Fraction) -> int:
    magnitude = int(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


@given(params=pool_calls())
def test_the_average_is_rounded_half_away_from_zero(params: PoolParams) -> None:
    expected = np.empty(params.output_shape, np.int64)
    for y, x, pixels in windows(params):
        for n, c in np.ndindex(*pixels.shape[1:]):
            mean = Fraction(int(pixels[:, n, c].astype(np.int64).sum()), len(pixels))
            expected[n, y, x, c] = rounded_half_away_from_zero(mean)
    expected = np.clip(expected, params.activation_min, params.activation_max)
    np.testing.assert_array_equal(result_of(RefBackend().avg_pool, params), expected)
    np.testing.assert_array_equal(result_of(RefBackend().avg_pool, params, runs=2), expected)


@given(params=pool_calls())
def test_the_maximum_is_over_the_image_alone(params: PoolParams) -> None:
    expected = np.empty(params.output_shape, np.int8)
    for y, x, pixels in windows(params):
        expected[:, y, x] = pixels.max(0)
    expected = np.clip(expected, params.activation_min, params.activation_max)
    np.testing.assert_array_equal(result_of(RefBackend().max_pool, params), expected)
    np.testing.assert_array_equal(result_of(RefBackend().max_pool, params, runs=2), expected)


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
    batches, height, width, channels = image.shape
    return PoolParams(
        input_shape=image.shape,
        output_shape=(batches, 1, 1, channels),
        padding=Padding.VALID,
        pad_h=0,
        pad_w=0,
        filter_height=height,
        filter_width=width,
        stride_h=1,
        stride_w=1,
        input_quant=QuantParam(1.0, 0),
        output_quant=QuantParam(1.0, 0),
        activation_min=-128,
        activation_max=127,
        input=image,
        output=np.empty((batches, 1, 1, channels), np.int8),
    )


def test_a_window_over_a_large_image_is_exact() -> None:
    image = np.full((1, 300, 300, 2), -128, np.int8)
    image[..., 1] = 127
    assert result_of(RefBackend().avg_pool, pooling_of(image)).ravel().tolist() == [-128, 127]
    assert result_of(RefBackend().max_pool, pooling_of(image)).ravel().tolist() == [-128, 127]
