"""How comparisons of drawn models went, counted: refusals must not hollow a test out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from tests.support.against_tflm import EQUAL
from tests.support.direct_draws import check_directly
from tests.support.effort import DEEP, ONLY, draws, thorough

__all__ = ["assert_mostly_ran", "compare_drawn"]

T = TypeVar("T")


def compare_drawn(
    drawn: st.SearchStrategy[T],
    compare: Callable[[T], str],
    *,
    ordinary: int,
    deep: int = 3000,
    wanted_share: float,
) -> None:
    """Compares what is drawn, and asserts that enough of it ran on both sides.

    Args:
        drawn: what ``compare`` takes.
        compare: says how it went, as :func:`~tests.support.against_tflm.compare_with_tflm` does, or raises.
        ordinary: how many are drawn in an ordinary run, by hypothesis, which shrinks what fails.
        deep: how many in a deep one, directly.
        wanted_share: of those that give ``EQUAL``.
    """
    tally: Counter[str] = Counter()

    def check(one: T) -> None:
        tally[compare(one)] += 1

    try:
        if DEEP:
            check_directly(drawn, check, draws(ordinary, deep))
        else:
            thorough(ordinary, deep)(given(drawn)(check))()
    finally:
        if DEEP:
            print(dict(tally), flush=True)  # for tests/campaign.py, and with pytest -s
    assert_mostly_ran(tally, wanted_share)


def assert_mostly_ran(tally: Counter[str], wanted_share: float) -> None:
    """Asserts that a share of the comparisons gave ``EQUAL``."""
    if ONLY is None:
        assert tally[EQUAL] >= wanted_share * tally.total(), f"too few ran on both sides: {dict(tally)}"
