"""Timing on a noisy machine: contestants take turns, and ratios are taken turn by turn."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Timing", "interleave"]

_TURN_SECONDS = 0.02
_LEAST_TURNS = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one call in each turn, for each contestant."""

    turns: Mapping[str, list[float]]

    def seconds(self, name: str) -> float:
        """The median of one contestant."""
        return statistics.median(self.turns[name])

    def least(self, name: str) -> float:
        """The best turn of one contestant: nearest to what a quiet machine gives."""
        return min(self.turns[name])

    def ratio(self, slow: str, fast: str) -> float:
        """How many times faster ``fast`` is: the median over turns."""
        pairs = zip(self.turns[slow], self.turns[fast], strict=True)
        return statistics.median(a / b for a, b in pairs)


def interleave(
    contestants: Mapping[str, Callable[[], object]],
    turns: int,
    *,
    turn_seconds: float = _TURN_SECONDS,
    most_seconds: float = math.inf,
) -> Timing:
    """Lets the contestants run in turn, each for some milliseconds a turn, after one call to warm up.

    Args:
        contestants: what to call, by name.
        turns: how many each gets.
        turn_seconds: how long a turn is; one call is the least.
        most_seconds: after which there are no more turns, but for five.
    """
    repeats = {}
    for name, run in contestants.items():
        run()
        start = time.perf_counter()
        run()
        repeats[name] = max(1, round(turn_seconds / max(time.perf_counter() - start, 1e-7)))
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    collecting = gc.isenabled()
    gc.disable()
    end = time.perf_counter() + most_seconds
    try:
        for turn in range(turns):
            if turn >= _LEAST_TURNS and time.perf_counter() > end:
                break
            for name, run in contestants.items():
                measured[name].append(_seconds(run, repeats[name]))
    finally:
        if collecting:
            gc.enable()
    return Timing(measured)


def _seconds(run: Callable[[], object], repeats: int) -> float:
    """For one call; the loop's own time, some 20 ns a call, is in it for everybody."""
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats
