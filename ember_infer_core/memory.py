"""Planning the arena: which activation lives where, when."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["ALIGNMENT", "ArenaPlan", "Lifetime", "plan_arena"]

ALIGNMENT = 16

_MOST_PAIRS = 4_000_000


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
    (greedy by size, best fit), as TFLM's ``GreedyMemoryPlanner`` does; of equals the last one goes first, as there, or
    the arena would be larger or smaller than a device's. Offsets are multiples of ``alignment``; the
    length is that of the occupied part. Looking for gaps has its limit: beyond some millions of pairs of buffers that
    are in use together, which no model for small machines has, the smallest go behind all others.
    """
    offsets = [0] * len(lifetimes)
    placed = _Placed(max((lifetime.last for lifetime in lifetimes), default=0) + 1)
    length, pairs = 0, 0
    for index in sorted(range(len(lifetimes)), key=lambda i: (-lifetimes[i].size, -lifetimes[i].first, -i)):
        lifetime = lifetimes[index]
        if pairs > _MOST_PAIRS:
            offsets[index] = -(-length // alignment) * alignment
        else:
            busy = sorted((offsets[other], offsets[other] + lifetimes[other].size) for other in placed.during(lifetime))
            pairs += len(busy)
            offsets[index] = _best_fit(busy, lifetime.size, alignment)
            placed.add(index, lifetime)
        length = max(length, offsets[index] + lifetime.size)
    return ArenaPlan(tuple(offsets), length)


class _Placed:
    """Which buffers are in use during a range of calls, in time that grows with their number and not with all.

    Those are the ones in use at the range's first call, and the ones that begin after it. A lifetime is cut into at
    most ``2 log n`` blocks of a binary tree over the calls; a call lies in ``log n`` of them.
    """

    def __init__(self, calls: int) -> None:
        self._leaves = 1 << max(calls - 1, 0).bit_length()
        self._blocks: list[list[int]] = [[] for _ in range(2 * self._leaves)]
        self._begins: list[tuple[int, int]] = []

    def add(self, index: int, lifetime: Lifetime) -> None:
        """Notes a buffer."""
        bisect.insort(self._begins, (lifetime.first, index))
        low, high = lifetime.first + self._leaves, lifetime.last + self._leaves + 1
        while low < high:
            if low & 1:
                self._blocks[low].append(index)
                low += 1
            if high & 1:
                high -= 1
                self._blocks[high].append(index)
            low, high = low >> 1, high >> 1

    def during(self, lifetime: Lifetime) -> Iterator[int]:
        """The buffers noted that are in use at some time with this one, each once."""
        block = lifetime.first + self._leaves
        while block:
            yield from self._blocks[block]
            block >>= 1
        start = bisect.bisect_left(self._begins, (lifetime.first + 1, -1))
        stop = bisect.bisect_left(self._begins, (lifetime.last + 1, -1))
        for _, index in self._begins[start:stop]:
            yield index


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
