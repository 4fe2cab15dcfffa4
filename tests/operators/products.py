"""Models of one operator that sums products: what their tests draw, and how they are held to TFLM."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from tests.support.against_tflm import compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

Shape = tuple[int, ...]

ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")
UNDEFINED = "what TensorFlow Lite Micro computes then is undefined"

zero_points = st.sampled_from((-128, 0, 127)) | st.integers(-128, 127)
activations = st.sampled_from(ACTIVATIONS)
seeds = st.integers(0, 2**32 - 1)
# Mostly few; sometimes enough for long sums, in which a float32 would lose its last bits.
few = st.integers(1, 9)
sizes = few | few | few | st.integers(10, 130)


@st.composite
def several_sizes(draw: st.DrawFn, count: int) -> tuple[int, ...]:
    """So many sizes, of which one at most is more than a few."""
    drawn = [draw(few) for _ in range(count)]
    drawn[draw(st.integers(0, count - 1))] = draw(sizes)
    return tuple(drawn)


@functools.cache
def scales(extreme: bool = False) -> st.SearchStrategy[float]:
    """Float32 scales: powers of two, whose products tie when rounded, and any others."""
    mantissas = st.just(1.0) | st.integers(0, 2**23 - 1).map(lambda bits: 1.0 + bits / 2**23)
    low, high = (-30, 20) if extreme else (-9, 1)
    return st.builds(lambda mantissa, exponent: mantissa * 2.0**exponent, mantissas, st.integers(low, high))


@st.composite
def activation(draw: st.DrawFn, shape: Shape, extreme: bool = False) -> Tensor:
    """An int8 tensor that is computed or fed."""
    return tensor(shape, "int8", draw(scales(extreme)), draw(zero_points))


@st.composite
def output(draw: st.DrawFn, shape: Shape, first: float, second: float, terms: int, extreme: bool = False) -> Tensor:
    """An int8 output over which sums of so many products of tensors of these scales spread; any where ``extreme``."""
    scale = first * second * 64.0 * math.sqrt(terms) * draw(st.floats(0.125, 4.0))
    if extreme and draw(st.booleans()):
        scale = draw(scales(extreme))
    return tensor(shape, "int8", float(np.float32(min(max(scale, 1e-30), 1e30))), draw(zero_points))


@st.composite
def weights(draw: st.DrawFn, shape: Shape, dtype: str = "int8", extreme: bool = False, channel_axis: int = 0) -> Tensor:
    """Constant weights with one scale, or (with a ``channel_axis``, negative for none) one for each output channel."""
    random = np.random.default_rng(draw(seeds))
    low, high = (-8, 8) if dtype == "int4" else (-128, 128)
    data = random.integers(low, high, shape, np.int8)
    if draw(st.integers(1, 6)) == 1:
        data[:] = draw(st.sampled_from((low, -1, 0, 1, high - 1)))
    scale = draw(scales(extreme))
    if channel_axis < 0 or draw(st.booleans()):
        return constant(data, dtype, scale, draw(st.sampled_from((0, 0, 5))) if dtype == "int8" else 0)
    spread = 12.0 if extreme else 2.0
    factors = 2.0 ** random.uniform(-spread, spread, shape[channel_axis])
    return constant(data, dtype, [float(np.float32(scale * factor)) for factor in factors], 0, channel_axis)


@st.composite
def bias(draw: st.DrawFn, channels: int, input_scale: float, weight_scales: Sequence[float]) -> Tensor | None:
    """An int32 bias, small or as large as int32 goes, or none."""
    limit = draw(st.sampled_from((None, 200, 2**13, 2**16, 2**24, 2**31 - 1)))
    if limit is None:
        return None
    data = np.random.default_rng(draw(seeds)).integers(-limit - 1, limit, channels, np.int32, endpoint=True)
    return constant(data, "int32", [float(np.float32(input_scale * scale)) for scale in weight_scales])


def check(tflm: Tflm, models: st.SearchStrategy[bytes], *, only_we_refuse: Sequence[str] = (UNDEFINED,)) -> None:
    """Holds models to TFLM, on every backend: 150 in an ordinary run, of which two thirds have to run."""

    def compare(case: tuple[bytes, int]) -> str:
        model, seed = case
        return compare_with_tflm(model, random_batches(model, seed), tflm, only_we_refuse=only_we_refuse)

    compare_drawn(st.tuples(models, seeds), compare, ordinary=150, wanted_share=2 / 3)
