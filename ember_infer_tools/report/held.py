"""What a tensor holds, as it is drawn: a histogram, and what stands at the ends of the type."""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_tools.inspect import QuantReport
from ember_infer_tools.report.distributions import BINS, Distribution
from ember_infer_tools.report.shapes import steps_path
from ember_infer_tools.report.words import figure, share

__all__ = ["CHART", "Held", "held"]

# A unit for each bin, and enough of them in height; the page stretches it.
CHART = (BINS, 100)
_CROWDED = 0.01  # from this share on the end of a type is worth a second look


@dataclass(frozen=True, slots=True)
class Held:
    """What a tensor held, as a histogram in a box of :data:`CHART`.

    Attributes:
        path: the outline.
        start, stop: below its corners, in numbers of the type; ``real_start``, ``real_stop`` what these stand for.
        low, high: the shares at the ends of the type; empty for a type without.
        low_words, high_words: what is at the ends, in words.
        low_crowded, high_crowded: whether so much is there that values may have been cut off.
        range: the least and the greatest value.
    """

    path: str
    start: str
    stop: str
    real_start: str
    real_stop: str
    low: str
    high: str
    low_words: str
    high_words: str
    low_crowded: bool
    high_crowded: bool
    range: str


def held(found: Distribution, quant: QuantReport | None, ends_there: bool = False) -> Held:
    """A distribution as it is drawn.

    Args:
        found: what the tensor held.
        quant: of the tensor: says what numbers stand for, where it has one scale.
        ends_there: whether much is expected at the ends, as of an activation that is cut off at 6, or of weights whose
            scale is such that the largest of them stands there.
    """
    one = quant if quant is not None and quant.channels == 1 else None

    def real(value: float) -> str:
        return "" if one is None else figure((value - one.zero_point_min) * one.scale_min)

    last = found.stop - 1 if found.ends is not None and found.dtype in ("int8", "uint8") else found.stop
    if found.least is None or found.greatest is None:
        between = "no finite value"
    elif found.least == found.greatest:
        between = f"always {figure(found.least)}"
    else:
        between = f"{figure(found.least)} to {figure(found.greatest)}"
    ends = [
        _end(value, part, None if one is None else one.zero_point_min, ends_there)
        for value, part in zip(found.ends or (), (found.low_share, found.high_share), strict=False)
    ]
    (low_words, low_crowded), (high_words, high_crowded) = ends or [("", False), ("", False)]
    return Held(
        path=steps_path(found.bins, *CHART),
        start=figure(found.start),
        stop=figure(last),
        real_start=real(found.start),
        real_stop=real(last),
        low=share(found.low_share) if ends else "",
        high=share(found.high_share) if ends else "",
        low_words=low_words,
        high_words=high_words,
        low_crowded=low_crowded,
        high_crowded=high_crowded,
        range=between,
    )


def _end(value: int, part: float, zero_point: int | None, ends_there: bool) -> tuple[str, bool]:
    """What an end of the type has to say, and whether values may have been cut off there."""
    said = f"{share(part)} at {figure(value)}"
    if part and value == zero_point:
        return f"{said}, which stands for 0", False
    return said, part >= _CROWDED and not ends_there
