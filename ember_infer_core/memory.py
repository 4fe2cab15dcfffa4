"""Planning the arena: which activation lives where, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ALIGNMENT", "ArenaPlan", "Lifetime", "plan_arena"]

ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A buffer of ``size`` bytes that is in use from call ``first`` to call ``last``, both included."""

    size: int
    first: int
    last: int

    def overlaps(self, other: Lifetime) -> bool:
        """Whether both are in use during some call."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class ArenaPlan:
    """Byte offsets, one for each lifetime in order, and the length of an arena that holds them."""

    offsets: tuple[int, ...]
    length: int


def plan_arena(lifetimes: Sequence[Lifetime], alignment: int = ALIGNMENT) -> ArenaPlan:
    """Places buffers so that no two that are in use together overlap.

    The largest goes first, each into the tightest gap that holds it between those already placed and in use with it
    (greedy by size, best fit), as TFLM's ``GreedyMemoryPlanner`` does. Offsets are multiples of ``alignment``; the
    length is that of the occupied part.
    """
    offsets = [0] * len(lifetimes)
    placed: list[int] = []
    for index in sorted(range(len(lifetimes)), key=lambda i: (-lifetimes[i].size, lifetimes[i].first, i)):
        lifetime = lifetimes[index]
        busy = sorted(
            (offsets[other], offsets[other] + lifetimes[other].size)
            for other in placed
            if lifetimes[other].overlaps(lifetime)
        )
        offsets[index] = _best_fit(busy, lifetime.size, alignment)
        placed.append(index)
    length = max((offset + lifetime.size for offset, lifetime in zip(offsets, lifetimes, strict=True)), default=0)
    return ArenaPlan(tuple(offsets), length)


def _best_fit(busy: Sequence[tuple[int, int]], size: int, alignment: int) -> int:
    """The start of the smallest gap of ``size`` bytes between the busy ranges, sorted by start; else after the last."""
    best: tuple[int, int] | None = None
    free = 0
    for start, end in busy:
        gap = start - free
        if gap >= size and (best is None or gap < best[0]):
            best = (gap, free)
        free = max(free, -(-end // alignment) * alignment)
    return free if best is None else best[1]
