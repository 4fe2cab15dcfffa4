"""A comparison for people: a table of layers, and the first that differs in detail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.markup import escape

from ember_infer_tools.compare.comparison import Comparison, Difference, Element, LayerComparison, SideDialect
from ember_infer_tools.terminal import Column, Fitted, fitted, printable

__all__ = ["print_comparison"]

_BAR = 30
_HISTOGRAM_ROWS = 11
# From here on a number of units in the last place says no more than "far": values near 0, or of two signs.
_MOST_UNITS = 10**6
_DIALECTS = {
    "double": "two roundings, as TensorFlow Lite Micro",
    "float": "float32 and half to even, as LiteRT with XNNPACK",
    "single": "one rounding, as builds with TFLITE_SINGLE_ROUNDING",
    "no-nudge": "a floor, as ESP-NN with SKIP_NUDGE on the ESP32-S3",
}


def print_comparison(found: Comparison, console: Console) -> None:
    """Prints all that a person wants to know first."""

    def say(text: str = "") -> None:
        console.print(text, soft_wrap=True, highlight=False)

    samples = f"{found.samples} {_unit(found)}{'' if found.samples == 1 else 's'} ({found.inputs})"
    say(f"[bold]{escape(printable(found.model))}[/bold], {samples}")
    for side, name in (("A", found.a), ("B", found.b)):
        say(f"  {side}  {escape(printable(name))}")
    for note in found.notes:
        say(f"  note: {escape(printable(note))}")
    say()
    if found.equal:
        say(f"[green]equal[/green]: {_what_is_equal(found)}")
        return
    console.print(_table(found, console.width))
    say()
    for line in _lines(found):
        say(line)


def _unit(found: Comparison) -> str:
    return "step" if found.is_stateful else "sample"


def _what_is_equal(found: Comparison) -> str:
    ways = []
    if found.fed_by is not None:
        compared = [layer for layer in found.layer_by_layer if layer.difference is not None]
        ways.append(f"{len(compared)} of {len(found.layer_by_layer)} layers fed {_fed(found)}")
    compared = [layer for layer in found.end_to_end if layer.difference is not None]
    ways.append(f"{len(compared)} of {len(found.end_to_end)} layers end to end")
    if found.outputs:
        ways.append(f"{sum(output.elements for output in found.outputs):,} elements of the outputs")
    return ", ".join(ways)


def _table(found: Comparison, width: int) -> Fitted:
    """Both modes side by side: a kernel's own fault on the left, what has grown so far on the right."""
    modes = ["end to end"] if found.fed_by is None else ["same input", "end to end"]
    columns = [Column("layer", breaks="name"), Column("operator", breaks="name"), Column("elements", right=True)]
    for mode in modes:
        columns += [Column(mode, right=True), Column("by", right=True)]
    fed: list[LayerComparison | None] = [*found.layer_by_layer] or [None] * len(found.end_to_end)
    rows, styles = [], []
    for alone, growing in zip(fed, found.end_to_end, strict=True):
        difference = growing.difference or (alone and alone.difference)
        cells = [growing.layer, growing.operator, f"{difference.elements:,}" if difference else "-"]
        for layer in (alone, growing):
            if layer is not None:
                cells += _counts(layer.difference)
        rows.append(cells)
        styles.append("red" if alone is not None and alone.differs else "")
    return fitted(columns, rows, width, styles=styles)


def _counts(difference: Difference | None) -> tuple[str, str]:
    if difference is None:
        return "not there", ""
    if not difference.different:
        return ".", ""
    by = (
        f"{_gap(difference)} ({_largest(difference)} ulp)" if difference.dtype == "float32" else str(difference.largest)
    )
    return f"{difference.different:,}", by


def _lines(found: Comparison) -> Iterator[str]:
    faulty, different = found.first_faulty, found.first_different
    if faulty is not None:
        owner = {"a": "A", "b": "B"}[found.fed_by or "a"]
        place = escape(faulty.layer) + _in_step(found, faulty)
        yield f"[bold]First layer that differs on {_fed(found)} (that of {owner}): {place}[/bold]"
        yield from _layer_lines(faulty, _unit(found))
        yield from _dialect_lines(found, faulty)
    elif found.fed_by is not None:
        yield f"Every layer gives the same for {_fed(found)}."
    if different is not None:
        if faulty is not None:
            yield ""
        yield f"[bold]First layer that differs end to end: {escape(different.layer)}{_in_step(found, different)}[/bold]"
        if faulty is None or faulty.layer != different.layer:
            yield from _layer_lines(different, _unit(found))
        last = [layer for layer in found.end_to_end if layer.difference is not None][-1]
        if last is not different and last.difference is not None:
            extent = _extent(last.difference) if last.differs else "all elements are equal again"
            yield f"  at the last, {escape(last.layer)}: {extent}"
    for position, output in enumerate(found.outputs):
        if output.different:
            yield f"Output {position} of an ordinary run: {_extent(output)}"


def _fed(found: Comparison) -> str:
    return "the same input and state" if found.is_stateful else "the same input"


def _in_step(found: Comparison, layer: LayerComparison) -> str:
    return f", in step {layer.first_sample}" if found.is_stateful else ""


def _layer_lines(layer: LayerComparison, unit: str) -> Iterator[str]:
    difference = layer.difference
    assert difference is not None
    assert difference.first is not None
    assert difference.worst is not None
    tensor = f"{difference.dtype}{list(layer.shape)}".replace("[", "\\[")
    yield f"  operator {layer.index}, {layer.operator}, writes tensor {layer.tensor}, {tensor}"
    yield f"  {_extent(difference)}"
    yield f"  first:   {_element(difference.first, unit)}"
    yield f"  largest: {_element(difference.worst, unit)}"
    bins = _rows(difference)
    width = max(len("B - A"), *(len(label) for label, _ in bins))
    most = max(count for _, count in bins)
    yield f"  {'B - A':>{width}}   elements"
    for label, count in bins:
        yield f"  {label:>{width}} {count:>10,}  {'█' * max(1, round(_BAR * count / most))}"


def _dialect_lines(found: Comparison, layer: LayerComparison) -> Iterator[str]:
    for name, side, explained in (("A", "a", layer.a), ("B", "b", layer.b)):
        if explained is None:
            yield f"  dialects are known of convolutions and fully connected layers, not of {layer.operator}"
            return
        yield f"  {name}: {_dialect(explained)}"
        overall = found.dialects(side)
        if overall and overall != explained.exact:
            yield f"     in all layers that differ: {_or(overall)}"


def _dialect(explained: SideDialect) -> str:
    if explained.exact:
        meaning = f" ({_DIALECTS[explained.exact[0]]})" if len(explained.exact) == 1 else ""
        return f"every element as the dialect {_or(explained.exact)}{meaning}"
    best = max(explained.shares, key=lambda name: explained.shares[name])
    if not explained.shares[best]:
        return "no known dialect gives any of the differing elements"
    return f"no known dialect; nearest is {best}, which gives {explained.shares[best]:.1%} of the differing elements"


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(f"[bold]{name}[/bold]" for name in names)


def _extent(difference: Difference) -> str:
    share = difference.different / difference.elements
    counts = f"{difference.different:,} of {difference.elements:,} elements differ ({share:.2%})"
    if difference.dtype != "float32":
        return f"{counts}, by {difference.largest:,} at most"
    return f"{counts}, by {_largest(difference)} units in the last place at most and by {_gap(difference)} in value"


def _largest(difference: Difference) -> str:
    """The greatest number of units in the last place, as far as it tells anything."""
    return f"{difference.largest:,}" if difference.largest <= _MOST_UNITS else ">1e6"


def _gap(difference: Difference) -> str:
    """How far apart two float32 lie at most."""
    worst = difference.worst
    assert worst is not None
    return f"{abs(worst.b - worst.a):.2g}"


def _element(element: Element, unit: str) -> str:
    place = ", ".join(map(str, element.coordinates))
    return f"{unit} {element.sample}, element ({place}): A {element.a}, B {element.b}"


def _rows(difference: Difference) -> list[tuple[str, int]]:
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
