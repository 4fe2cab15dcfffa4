"""What hypothesis draws for models of one operator: sizes, quantisation, element types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from tests.support.against_tflm import compare_with_tflm
from tests.support.contents import Range, random_batches
from tests.support.one_operator import Tensor, constant, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

T = TypeVar("T")
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws one thing after the other; hypothesis shrinks them all.

    Attributes:
        ranges: least and greatest value of the model's inputs at these positions; a model that cannot do with all
            values adds its own.
    """

    draw: Callable[[st.SearchStrategy[Any]], Any]
    ranges: dict[int, Range] = field(default_factory=dict)

    def integer(self, low: int, high: int) -> int:
        value: int = self.draw(st.integers(low, high))
        return value

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.integer(0, len(choices) - 1)]  # st.sampled_from checks each list anew

    def flag(self) -> bool:
        return self.one_of((False, True))

    def shape(self, least_rank: int, greatest_rank: int, largest: int = 5) -> Shape:
        return tuple(self.integer(1, largest) for _ in range(self.integer(least_rank, greatest_rank)))

    def permutation(self, count: int) -> list[int]:
        order: list[int] = self.draw(st.permutations(range(count)))
        return order

    def axis(self, rank: int) -> tuple[int, int]:
        """An axis from 0 to rank - 1, and how it is written: from the front or from the back."""
        axis = self.integer(0, rank - 1)
        return axis, axis - rank if self.flag() else axis

    def tensor(self, shape: Shape, dtype: str = "int8", like: Tensor | None = None) -> Tensor:
        """An activation with a quantisation of its own, or that of another."""
        if like is not None:
            return tensor(shape, dtype, like.scales[0] if like.scales else None, (*like.zero_points, 0)[0])
        if dtype != "int8":
            return tensor(shape, dtype)
        scale = float(np.float32(2.0 ** self.integer(-12, 4) * (1 + self.integer(0, 7) / 8)))
        return tensor(shape, dtype, scale, self.one_of((-128, -1, 0, 5, 127)))


def whole(data: Any) -> Tensor:
    """A constant of int32."""
    return constant(data, "int32")


def check_random_models(
    make: Callable[[Draws], bytes],
    tflm: Tflm,
    *,
    ordinary: int = 120,
    deep: int = 3000,
    ulp: int = 0,
    only_we_refuse: Sequence[str] = (),
    wanted_share: float = 1.0,
) -> None:
    """Asserts that random models equal TFLM on all backends, and that both sides ran the wanted share of them."""

    @st.composite
    def cases(draw: st.DrawFn) -> tuple[bytes, int, dict[int, Range]]:
        draws = Draws(draw)
        return make(draws), draws.integer(0, 2**32 - 1), draws.ranges

    def compare(case: tuple[bytes, int, dict[int, Range]]) -> str:
        model, seed, ranges = case
        return compare_with_tflm(
            model, random_batches(model, seed, ranges), tflm, ulp=ulp, only_we_refuse=only_we_refuse
        )

    compare_drawn(cases(), compare, ordinary=ordinary, deep=deep, wanted_share=wanted_share)
