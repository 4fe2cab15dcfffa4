"""Draws of quantised tensors of any type, for operators that go from one type to another."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from tests.support.one_operator import Tensor, tensor

SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (7,), (3, 5), (1, 4, 4, 3), (2, 1, 3, 1, 2), (1, 2, 1, 2, 1, 2), (99,))
QUANTISED = ("int8", "uint8", "int16", "int32")

shapes = st.sampled_from(SHAPES)


@functools.cache
def scales(low: int = -12, high: int = 6) -> st.SearchStrategy[float]:
    """Float32 scales of these binary magnitudes: powers of two, whose quotients tie when rounded, and any others."""
    mantissas = st.just(1.0) | st.integers(0, 2**23 - 1).map(lambda bits: 1.0 + bits / 2**23)
    return st.builds(lambda mantissa, exponent: mantissa * 2.0**exponent, mantissas, st.integers(low, high))


@functools.cache
def zero_points(dtype: str) -> st.SearchStrategy[int]:
    """The least, 0, the greatest, and any other."""
    limits = np.iinfo(dtype)
    low, high = int(limits.min), int(limits.max)
    return st.sampled_from((low, max(low, 0), high)) | st.integers(low, high)


def tensors(shape: tuple[int, ...], dtype: str, scale: st.SearchStrategy[float]) -> st.SearchStrategy[Tensor]:
    """Activations of a type: with scale and zero point where it is one that is quantised."""
    if dtype not in QUANTISED:
        return st.just(tensor(shape, dtype))
    return st.builds(lambda scale, zero_point: tensor(shape, dtype, scale, zero_point), scale, zero_points(dtype))


def every_value(shape: tuple[int, ...], dtype: str) -> list[list[npt.NDArray[Any]]]:
    """Inputs that, one after the other, hold each value of an 8-bit type; none for shapes of few elements."""
    limits = np.iinfo(dtype)
    values = np.arange(limits.min, limits.max + 1).astype(dtype)
    size = int(np.prod(shape))
    if size < 16:
        return []
    return [[np.resize(values[start:], size).reshape(shape)] for start in range(0, 256, size)]
