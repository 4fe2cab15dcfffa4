"""Examples of a strategy by their numbers, for the deep profile: hypothesis takes five times as long to draw them.

Hypothesis remembers every example, so as to vary and to shrink it, which takes longer than most of the models that it
draws take to run. Here the same strategies draw from a random generator whose seed is the number of the example. What
is lost is shrinking: a failure names the number, and ``EMBER_ONLY`` repeats it alone.

``ConjectureData`` and ``BuildContext`` are what hypothesis itself draws with; it has no public names for them.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.control import BuildContext
from hypothesis.errors import StopTest, UnsatisfiedAssumption
from hypothesis.internal.conjecture.data import ConjectureData

from tests.support.effort import ONLY, SEED

__all__ = ["check_directly", "example"]

T = TypeVar("T")


def check_directly(drawn: st.SearchStrategy[T], check: Callable[[T], object], count: int) -> None:
    """Calls ``check`` with ``count`` examples of a strategy, or with example ``EMBER_ONLY`` alone."""
    for number in range(count) if ONLY is None else (ONLY,):
        one = example(drawn, number)
        if one is None:
            continue
        passed = False
        try:
            check(one)
            passed = True
        finally:
            if not passed:
                print(f"example {number} of seed {SEED}: EMBER_DEEP=1 EMBER_SEED={SEED} EMBER_ONLY={number} repeats it")


def example(drawn: st.SearchStrategy[T], number: int) -> T | None:
    """The example of this number; None where a filter of the strategy rejects it."""
    data = ConjectureData(random=Random(f"{SEED}/{number}"))
    try:
        with BuildContext(data, wrapped_test=example):
            return data.draw(drawn)
    except (StopTest, UnsatisfiedAssumption):
        return None
