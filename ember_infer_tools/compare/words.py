"""What a comparison found, in words and rows: for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_infer_tools.compare.comparison import Comparison, Difference, Element, SideDialect

__all__ = [
    "counts",
    "dialect_words",
    "element_words",
    "extent",
    "fed",
    "histogram_rows",
    "one_of",
    "unit",
    "what_is_equal",
]

_HISTOGRAM_ROWS = 11
# From here on a number of units in the last place says no more than "far": values near 0, or of two signs.
_MOST_UNITS = 10**6
_DIALECTS = {
    "double": "two roundings, as TensorFlow Lite Micro",
    "float": "float32 and half to even, as LiteRT with XNNPACK",
    "single": "one rounding, as builds with TFLITE_SINGLE_ROUNDING",
    "no-nudge": "a floor, as ESP-NN with SKIP_NUDGE on the ESP32-S3",
}


def unit(found: Comparison) -> str:
    """What the inputs are called, one of them."""
    return "step" if found.is_stateful else "sample"


def what_is_equal(found: Comparison) -> str:
    """Of a comparison without differences, what was compared."""
    ways = []
    if found.fed_by is not None:
        compared = [layer for layer in found.layer_by_layer if layer.difference is not None]
        ways.append(f"{len(compared)} of {len(found.layer_by_layer)} layers fed {fed(found)}")
    compared = [layer for layer in found.end_to_end if layer.difference is not None]
    ways.append(f"{len(compared)} of {len(found.end_to_end)} layers end to end")
    if found.outputs:
        ways.append(f"{sum(output.elements for output in found.outputs):,} elements of the outputs")
    return ", ".join(ways)


def fed(found: Comparison) -> str:
    """What a layer on its own meets on both sides."""
    return "the same input and state" if found.is_stateful else "the same input"


def dialect_words(explained: SideDialect, mark: Callable[[str], str] = str) -> str:
    """Which rounding explains what a side gave; ``mark`` makes a dialect's name stand out."""
    if explained.exact:
        meaning = f" ({_DIALECTS[explained.exact[0]]})" if len(explained.exact) == 1 else ""
        return f"every element as the dialect {one_of(explained.exact, mark)}{meaning}"
    best = max(explained.shares, key=lambda name: explained.shares[name])
    if not explained.shares[best]:
        return "no known dialect gives any of the differing elements"
    return f"no known dialect; nearest is {best}, which gives {explained.shares[best]:.1%} of the differing elements"


def one_of(names: tuple[str, ...], mark: Callable[[str], str] = str) -> str:
    """Names of dialects between which nothing decides."""
    return " or ".join(map(mark, names))


def extent(difference: Difference) -> str:
    """How many elements differ, and by how much at most."""
    share = difference.different / difference.elements
    share_of = f"{difference.different:,} of {difference.elements:,} elements differ ({share:.2%})"
    if difference.dtype != "float32":
        return f"{share_of}, by {difference.largest:,} at most"
    return f"{share_of}, by {_largest(difference)} units in the last place at most and by {_gap(difference)} in value"


def counts(difference: Difference | None) -> tuple[str, str]:
    """How many elements differ and by how much at most, for two narrow columns."""
    if difference is None:
        return "not there", ""
    if not difference.different:
        return ".", ""
    by = (
        f"{_gap(difference)} ({_largest(difference)} ulp)" if difference.dtype == "float32" else str(difference.largest)
    )
    return f"{difference.different:,}", by


def _largest(difference: Difference) -> str:
    """The greatest number of units in the last place, as far as it tells anything."""
    return f"{difference.largest:,}" if difference.largest <= _MOST_UNITS else ">1e6"


def _gap(difference: Difference) -> str:
    """How far apart two float32 lie at most."""
    worst = difference.worst
    assert worst is not None
    return f"{abs(worst.b - worst.a):.2g}"


def element_words(element: Element, each: str) -> str:
    """Where one element is, and what the sides gave."""
    place = ", ".join(map(str, element.coordinates))
    return f"{each} {element.sample}, element ({place}): A {element.a}, B {element.b}"


def histogram_rows(difference: Difference) -> list[tuple[str, int]]:
    """The histogram's rows; of float32, what is too far to count in one row at either end."""
    histogram = difference.histogram
    if difference.dtype != "float32":
        return _bins(histogram)
    near = {step: count for step, count in histogram.items() if abs(step) <= _MOST_UNITS}
    below = sum(count for step, count in histogram.items() if step < -_MOST_UNITS)
    above = sum(count for step, count in histogram.items() if step > _MOST_UNITS)
    rows = [("<-1e6", below), *(_bins(near) if near else []), (">+1e6", above)]
    return [(label, count) for label, count in rows if count]


def _bins(histogram: Mapping[int, int]) -> list[tuple[str, int]]:
    """One row for each difference; where these are too many, rows of equal width."""
    low, high = min(histogram), max(histogram)
    if len(histogram) <= _HISTOGRAM_ROWS:
        return [(f"{step:+d}", histogram[step]) for step in sorted(histogram)]
    width = -(-(high - low + 1) // _HISTOGRAM_ROWS)
    counts = [0] * _HISTOGRAM_ROWS
    for step, count in histogram.items():
        counts[(step - low) // width] += count
    starts = range(low, high + 1, width)
    rows = zip(starts, counts, strict=False)  # fewer where the last ones would be beyond the greatest
    return [(f"{start:+d}..{min(start + width - 1, high):+d}", count) for start, count in rows if count]
