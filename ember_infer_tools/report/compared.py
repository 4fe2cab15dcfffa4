"""A comparison as it is drawn: each tensor in both modes, in words, counts and maps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ember_infer_tools.compare import Comparison, LayerComparison
from ember_infer_tools.compare.words import counts, dialect_words, element_words, extent, histogram_rows, unit
from ember_infer_tools.report.differences import LEVELS, DifferenceMap
from ember_infer_tools.report.results import Report
from ember_infer_tools.report.shapes import bars, cells
from ember_infer_tools.report.words import shape_words

__all__ = ["CHANNELS", "Compared", "LayerMap", "Mode", "compared_tensors", "mark_of"]

CHANNELS = (64, 50)
_ROWS = 6


@dataclass(frozen=True, slots=True)
class LayerMap:
    """A map as paths, each a shade and the text of ``d``: its size in cells, how to read it, gaps between tiles."""

    paths: Sequence[tuple[int, str]]
    width: int
    height: int
    words: str
    gaps: str
    channels: str
    channels_words: str


@dataclass(frozen=True, slots=True)
class Mode:
    """How a tensor differs in one of the two modes.

    Attributes:
        different, by: for a table; ``words`` the same as a sentence.
        differs: whether any element does; ``share`` of them.
        first, worst: elements, in words.
        rows: of the histogram of few differences: one of them, how many elements, and which share of the longest row.
        chart: of more differences, in a box of :data:`CHANNELS`; its ``ends`` are the least and the greatest of them.
        picture: where; None where that is not drawn.
    """

    different: str
    by: str
    words: str
    differs: bool
    share: float
    first: str
    worst: str
    rows: Sequence[tuple[str, int, float]]
    chart: str
    ends: tuple[str, str]
    picture: LayerMap | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A tensor that a layer writes, on both sides; ``a`` and ``b`` are the dialects that explain them, in words."""

    name: str
    elements: str
    same_input: Mode | None
    end_to_end: Mode | None
    a: str
    b: str


def compared_tensors(report: Report) -> dict[int, list[Compared]]:
    """What each operator writes, by its number: all tensors that both sides have."""
    found: dict[int, list[Compared]] = defaultdict(list)
    comparison = report.comparison
    if comparison is None:
        return found
    alone = {layer.tensor: layer for layer in comparison.layer_by_layer}
    for growing in comparison.end_to_end:
        fed = alone.get(growing.tensor)
        difference = growing.difference or (None if fed is None else fed.difference)
        found[growing.index].append(
            Compared(
                name=growing.layer,
                elements="-" if difference is None else f"{difference.elements:,}",
                same_input=None if fed is None else _mode(comparison, fed, report.same_input),
                end_to_end=_mode(comparison, growing, report.end_to_end),
                a="" if fed is None or fed.a is None else dialect_words(fed.a),
                b="" if fed is None or fed.b is None else dialect_words(fed.b),
            )
        )
    return found


def mark_of(found: Sequence[Compared]) -> str:
    """Of a layer that gives something else for the same input, or that only inherits a difference."""
    if any(one.same_input is not None and one.same_input.differs for one in found):
        return "fault"
    return "grown" if any(one.end_to_end is not None and one.end_to_end.differs for one in found) else ""


def _mode(comparison: Comparison, layer: LayerComparison, maps: Mapping[int, DifferenceMap]) -> Mode | None:
    difference = layer.difference
    if difference is None:
        return None
    different, by = counts(difference)
    if not layer.differs:
        return Mode("0", "", "all elements are equal", False, 0.0, "", "", (), "", ("", ""), None)
    assert difference.first is not None
    assert difference.worst is not None
    rows = histogram_rows(difference)
    most = max(count for _, count in rows)
    picture = maps.get(layer.tensor)
    return Mode(
        different=different,
        by=by,
        words=extent(difference),
        differs=True,
        share=difference.different / difference.elements,
        first=element_words(difference.first, unit(comparison)),
        worst=element_words(difference.worst, unit(comparison)),
        rows=[(label, count, count / most) for label, count in rows] if len(rows) <= _ROWS else [],
        chart="" if len(rows) <= _ROWS else bars([count for _, count in rows], *CHANNELS),
        ends=(rows[0][0], rows[-1][0]),
        picture=None if picture is None else _picture(picture),
    )


def _picture(found: DifferenceMap) -> LayerMap:
    height, width = len(found.cells), len(found.cells[0])
    gaps = ""
    if found.tile is not None:
        down, across = found.tile
        height, width = height + height // down - 1, width + width // across - 1
        gaps = "".join(f"M0 {y}.5H{width}" for y in range(down, height, down + 1))
        gaps += "".join(f"M{x}.5 0V{height}" for x in range(across, width, across + 1))
        words = f"each tile one channel of {shape_words(found.tile)}, a cell for each element"
    elif found.per_cell == (1, 1) and len(found.shape) > 2:
        words = f"a cell for each position; the worst of its {found.shape[-1]:,} channels"
    elif found.per_cell == (1, 1):
        words = "a cell for each element, row by row"
    else:
        words = f"a cell for {shape_words(found.per_cell)} positions; the worst of their elements"
    per = "each channel" if found.per_channel == 1 else f"each {found.per_channel} channels"
    return LayerMap(
        paths=cells(found.cells, len(LEVELS), found.tile),
        width=width,
        height=height,
        words=words,
        gaps=gaps,
        channels=bars(found.channels, *CHANNELS) if len(found.channels) > 1 else "",
        channels_words=f"differing elements of {per}, at most {max(found.channels):,}",
    )
