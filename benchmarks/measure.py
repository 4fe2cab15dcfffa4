"""Timing on a noisy machine: contestants take turns, and ratios are taken turn by turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Contestant = Callable[[], object]

_TURN_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one call in each turn, for each contestant."""

    turns: Mapping[str, list[float]]

    def seconds(self, name: str) -> float:
        """The median of one contestant."""
        return statistics.median(self.turns[name])

    def ratio(self, slow: str, fast: str) -> float:
        """How many times faster ``fast`` is: the median over turns."""
        pairs = zip(self.turns[slow], self.turns[fast], strict=True)
        return statistics.median(a / b for a, b in pairs)


def interleave(contestants: Mapping[str, Contestant], turns: int) -> Timing:
    """Lets the contestants run in turn, each for some milliseconds a turn, after one call to warm up."""
    repeats = {}
    for name, run in contestants.items():
        run()
        start = time.perf_counter()
        run()
        repeats[name] = max(1, round(_TURN_SECONDS / max(time.perf_counter() - start, 1e-7)))
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(turns):
        for name, run in contestants.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                run()
            measured[name].append((time.perf_counter() - start) / repeats[name])
    return Timing(measured)
