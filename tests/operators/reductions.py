"""Models of one operator along axes: what the tests of reductions and of functions of rows draw."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from tests.support.against_tflm import compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

Shape = tuple[int, ...]

LARGEST = 1 << 15
# The share of drawn models that both sides must run, so that refusals cannot hollow the tests out.
WANTED_SHARE = 0.8


@functools.cache
def scales(extreme: bool = False) -> st.SearchStrategy[float]:
    """Float32 scales: powers of two, whose products tie when rounded, and any others."""
    mantissas = st.just(1.0) | st.integers(0, 2**23 - 1).map(lambda bits: 1.0 + bits / 2**23)
    low, high = (-30, 20) if extreme else (-9, 1)
    return st.builds(lambda mantissa, exponent: mantissa * 2.0**exponent, mantissas, st.integers(low, high))


def near(scale: float) -> st.SearchStrategy[float]:
    """Scales that are not far from another."""
    return st.just(scale) | scales().map(lambda factor: float(np.float32(scale * factor * 16)))


zero_points = st.sampled_from((-128, 0, 127)) | st.integers(-128, 127)


@st.composite
def shapes(draw: st.DrawFn, least_rank: int = 0, highest_rank: int = 6) -> Shape:
    """Shapes of few elements, mostly; sometimes with one long axis."""
    rank = draw(st.sampled_from((1, 2, 3, 4, 4, 4)) | st.integers(least_rank, highest_rank))
    rank = min(max(rank, least_rank), highest_rank)
    sizes = [draw(st.integers(1, 9 if rank < 5 else 3)) for _ in range(rank)]
    if rank and draw(st.integers(1, 4)) == 1:
        axis = draw(st.integers(0, rank - 1))
        sizes[axis] = draw(st.integers(10, max(10, LARGEST // math.prod(sizes) if rank == 1 else 130)))
    return tuple(sizes)


@st.composite
def axes(draw: st.DrawFn, rank: int) -> tuple[int, ...]:
    """Axes of a tensor of this rank: any order, negative ones too, sometimes repeated."""
    if not rank:
        return tuple(draw(st.lists(st.integers(-3, 3), min_size=1, max_size=2)))
    chosen = draw(st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank + 1, unique=draw(st.integers(1, 4)) > 1))
    return tuple(axis - rank if draw(st.booleans()) else axis for axis in chosen)


def axes_operand(draw: st.DrawFn, chosen: Sequence[int]) -> Tensor:
    """The axes as a constant, one of them sometimes as a scalar."""
    if len(chosen) == 1 and draw(st.booleans()):
        return constant(chosen[0], "int32")
    return constant(np.array(chosen, np.int32), "int32")


def without(shape: Shape, chosen: Sequence[int], keep: bool) -> Shape:
    """The shape of a reduction's result."""
    reduced = {axis % len(shape) for axis in chosen} if shape else set()
    return tuple(1 if axis in reduced else size for axis, size in enumerate(shape) if keep or axis not in reduced)


def check(
    tflm: Tflm,
    models: st.SearchStrategy[bytes],
    *,
    ulp: int = 0,
    only_we_refuse: Sequence[str] = (),
    only_tflm_refuses: Sequence[str] = (),
    ranges: dict[int, tuple[float, float]] | None = None,
    share: float = WANTED_SHARE,
) -> None:
    """Asserts that drawn models give TFLM's bytes on all backends, and that most of them run on both sides."""

    def compare(case: tuple[bytes, int]) -> str:
        model, seed = case
        return compare_with_tflm(
            model,
            random_batches(model, seed, ranges),
            tflm,
            ulp=ulp,
            only_we_refuse=only_we_refuse,
            only_tflm_refuses=only_tflm_refuses,
        )

    compare_drawn(st.tuples(models, st.integers(0, 2**32 - 1)), compare, ordinary=120, wanted_share=share)
