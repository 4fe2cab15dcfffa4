"""Charts as SVG paths: data in, the text of a ``d`` attribute out."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["bars", "cells", "steps_path"]


def steps_path(values: Sequence[float], width: float, height: float) -> str:
    """A histogram as one outline, on a scale of square roots: beside a peak of zeros the rest must stay visible.

    Heights are whole numbers, which keeps it short; what is there at all has at least 1.
    """
    most = math.sqrt(max(values, default=0)) or 1.0
    each = width / max(len(values), 1)
    parts = [f"M0 {height:.0f}"]
    level = 0
    for place, value in enumerate(values):
        tall = max(round(math.sqrt(value) / most * height), 1 if value else 0)
        if tall != level:
            parts.append(f"H{_short(place * each)}V{height - tall:.0f}")
            level = tall
    parts.append(f"H{_short(width)}V{height:.0f}Z")
    return "".join(parts)


def bars(values: Sequence[float], width: float, height: float, gap: float = 0.15) -> str:
    """A bar for each value, from the bottom, on a scale that begins at 0."""
    most = max(values, default=0) or 1
    each = width / max(len(values), 1)
    parts = []
    for place, value in enumerate(values):
        if value > 0:
            tall = max(round(value / most * height), 1)
            left, wide = place * each + each * gap / 2, each * (1 - gap)
            parts.append(f"M{_short(left)} {height:.0f}v-{tall}h{_short(wide)}v{tall}z")
    return "".join(parts)


def cells(rows: Sequence[Sequence[int]], shades: int, tile: tuple[int, int] | None = None) -> list[tuple[int, str]]:
    """A path for each shade that is met but 0, which is the ground: runs of equal cells of one unit each, and a gap of
    one unit between tiles. Runs are strokes along the upper edges of their cells, which takes half of what boxes do.
    """
    paths: list[list[str]] = [[] for _ in range(shades + 1)]
    down, across = tile or (0, 0)
    for y, row in enumerate(rows):
        top = y + (y // down if down else 0)
        start = 0
        for x in range(1, len(row) + 1):
            if x == len(row) or row[x] != row[start] or (across and x % across == 0):
                if row[start]:
                    left = start + (start // across if across else 0)
                    paths[row[start]].append(f"M{left} {top}h{x - start}")
                start = x
    return [(shade, "".join(parts)) for shade, parts in enumerate(paths) if parts]


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
