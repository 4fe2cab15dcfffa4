"""Models of one elementwise operator of two tensors: every type, shape, quantisation and place of a constant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from tests.operators.typed import scales, tensors
from tests.support.against_tflm import compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

__all__ = ["Draw", "PairModel", "broadcast_shapes", "check_pairs", "draw_constant", "pair_models"]

Draw = Callable[[st.SearchStrategy[Any]], Any]
Shape = tuple[int, ...]
Natural = Callable[[float, float], float]

ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")
MOST_RANK = 6
# What we refuse and TFLM runs, because its results mean nothing.
UNDEFINED = "2**30 or more; what TensorFlow Lite Micro computes then is undefined"
# Values whose sums, products or comparisons are special.
SPECIAL_FLOATS = (0.0, -0.0, 1.0, -1.0, 6.0, 3e38, -3e38, 1e-40, float("inf"), -float("inf"), float("nan"))
SPECIAL_INT32 = (0, 1, -1, 6, 2**31 - 1, -(2**31), 46341, -46341)


@dataclass(frozen=True, slots=True)
class PairModel:
    """A model and the seed of its inputs."""

    model: bytes
    seed: int

    def batches(self) -> list[list[npt.NDArray[Any]]]:
        """Inputs for six inferences; those of floats and int32 hold special values too."""
        batches = random_batches(self.model, self.seed)
        random = np.random.default_rng(self.seed)
        for inputs in batches[:3]:
            for array in inputs:
                sprinkle(array, random)
        return batches


def sprinkle(array: npt.NDArray[Any], random: np.random.Generator) -> None:
    """Puts special values into a third of the elements of a float32 or int32 array."""
    special = {"float32": SPECIAL_FLOATS, "int32": SPECIAL_INT32}.get(array.dtype.name)
    if special is not None:
        chosen = random.choice(np.array(special, array.dtype), array.shape)
        np.copyto(array, chosen, where=random.integers(0, 3, array.shape) == 0)


@st.composite
def broadcast_shapes(draw: Draw, most_rank: int) -> tuple[Shape, Shape]:
    """Two shapes that broadcast against each other, of ranks from 0, mostly with few elements."""
    rank = draw(st.integers(0, most_rank))
    largest = (40, 40, 12, 5, 4, 3, 3)[rank]
    full = draw(st.lists(st.integers(1, largest), min_size=rank, max_size=rank))
    if draw(st.booleans()):
        return tuple(full), tuple(full)

    def part() -> Shape:
        sizes = tuple(size if draw(st.sampled_from((True, True, False))) else 1 for size in full)
        return sizes[draw(st.integers(0, rank)) :]

    first, second = part(), part()
    return (tuple(full), second) if draw(st.booleans()) else (first, second)


def draw_constant(draw: Draw, like: Tensor) -> Tensor:
    """A constant in the place of an input."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if like.dtype == "float32":
        data: npt.NDArray[Any] = random.uniform(-8, 8, like.shape).astype(np.float32)
    else:
        limits = np.iinfo(np.uint8 if like.dtype == "bool" else like.dtype)
        high = 1 if like.dtype == "bool" else limits.max
        data = random.integers(limits.min, high, like.shape, limits.dtype, endpoint=True)
    data = np.asarray(data)
    sprinkle(data, random)
    return constant(data, like.dtype, like.scales or None, like.zero_points or 0)


def _tensors(shape: Shape, dtype: str, scale: float) -> st.SearchStrategy[Tensor]:
    """Activations; those of int32 seldom have a scale, because several operators refuse it."""
    if dtype != "int32":
        return tensors(shape, dtype, st.just(scale))
    return st.sampled_from((None,) * 7 + (scale,)).map(lambda scale: tensor(shape, dtype, scale))


@st.composite
def pair_models(
    draw: Draw,
    operator: str,
    dtypes: Sequence[str],
    *,
    output_dtype: str | None = None,
    natural: Natural = max,
    activated: bool = False,
    limit: float | None = None,
    most_rank: int = MOST_RANK,
) -> PairModel:
    """Models of one operator.

    Args:
        draw: hypothesis's.
        operator: in the schema's ``BuiltinOperator``.
        dtypes: of the inputs.
        output_dtype: the inputs' unless given.
        natural: the output's scale at which its values spread over int8, from the inputs' scales; an output's scale is
            near it, or, one time in eight, anything.
        activated: it has a fused activation.
        limit: the inputs' scales are below it, where TFLM stops at any other.
        most_rank: of the shapes.
    """
    dtype = draw(st.sampled_from(list(dtypes)))
    extreme = draw(st.integers(1, 8)) == 1
    wide = scales(-30, 20)
    usual = (wide if extreme else scales(-9, 1)).map(lambda scale: scale if limit is None else min(scale, limit / 2))
    shape1, shape2 = draw(broadcast_shapes(most_rank))
    scale1, scale2 = draw(usual), draw(usual)
    first, second = draw(_tensors(shape1, dtype, scale1)), draw(_tensors(shape2, dtype, scale2))
    kind = draw(st.sampled_from(("inputs", "inputs", "constant first", "constant second", "twice")))
    if kind == "constant first":
        first = draw_constant(draw, first)
    elif kind == "constant second":
        second = draw_constant(draw, second)
    elif kind == "twice":
        second = first
    near = natural(scale1, scale2) * draw(st.floats(0.125, 4.0))
    scale = draw(wide) if extreme and draw(st.booleans()) else float(np.float32(near))
    output = draw(_tensors(np.broadcast_shapes(first.shape, second.shape), output_dtype or dtype, scale))
    options = {"activation": draw(st.sampled_from(ACTIVATIONS))} if activated else {}
    return PairModel(one_operator(operator, [first, second], output, **options), draw(st.integers(0, 2**32 - 1)))


def check_pairs(tflm: Tflm, models: st.SearchStrategy[PairModel]) -> None:
    """Holds models to TFLM, on every backend: 150 in an ordinary run, of which two thirds have to run."""

    def compare(case: PairModel) -> str:
        return compare_with_tflm(case.model, case.batches(), tflm, only_we_refuse=[UNDEFINED])

    compare_drawn(models, compare, ordinary=150, wanted_share=2 / 3)
